"""The control groups that a host's systemd takes for the whole of them."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from fleet.hosts.processes import HostsError

_MOUNTED = "/sys/fs/cgroup"


def parents() -> Iterator[tuple[str, Path, str]]:
    """Yield (mount options, our folder, its name below /sys/fs/cgroup) of each hierarchy."""
    ours = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        ours[controllers] = path
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        root, point = left.split()[3:5]
        kind, _, options = right.split()[:3]
        name = os.path.relpath(point, _MOUNTED)
        if root != "/" or name.startswith(".."):  # we may live in a part of the hierarchy only
            continue
        if kind == "cgroup2" and "" in ours:
            yield "v2", Path(point + ours[""].rstrip("/")), name
        elif kind == "cgroup":
            for controllers, path in ours.items():
                if controllers and set(controllers.split(",")) <= set(options.split(",")):
                    mount = f"none,{controllers}" if "name=" in controllers else controllers
                    yield mount, Path(point + path.rstrip("/")), name


def make(top: str, host: str) -> tuple[list[str], str]:
    """Make a host's groups below `top`; return all tops, and the lines that boot.sh reads."""
    tops, lines = [], []
    for options, parent, mounted in parents():
        ours = parent / top
        tops.append(str(ours))
        for each in (ours, ours / host):
            each.mkdir(exist_ok=True)
            if options != "v2":
                _inherit(each, top=each == ours)
        if options == "v2":
            _hand_down(parent)
            _hand_down(ours)
        lines.append(f"{options} {ours / host} {mounted}")
    if not lines:
        raise HostsError(f"no cgroup hierarchy is mounted under {_MOUNTED}")
    return tops, "\n".join(lines)


def _inherit(group: Path, *, top: bool) -> None:
    """Fill in what a new group of v1 lacks: its CPUs, and a real-time budget for fifo and rr."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (group / name).exists():
            (group / name).write_text((group.parent / name).read_text())
    with contextlib.suppress(OSError):
        if (group / "cpu.rt_runtime_us").exists():
            (group / "cpu.rt_runtime_us").write_text("900000" if top else "100000")


def _hand_down(group: Path) -> None:
    for controller in (group / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):  # where we may not
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def drop(tops: list[str], host: str = "") -> None:
    """Remove the groups of a host, or of all; what is still in them is of ours, and killed."""
    for top in tops:
        base = Path(top) / host
        for _ in range(200):
            for folder, _, _ in os.walk(base, topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()
                    continue
                _kill_in(Path(folder))
            if not base.exists():
                break
            time.sleep(0.02)


def _kill_in(group: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in map(int, (group / "cgroup.procs").read_text().split()):
            if pid > 0:  # 0 is a process of a namespace that we don't see
                os.kill(pid, signal.SIGKILL)
