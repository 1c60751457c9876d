"""What must be so before anything is changed: the host, its Python, room, ports, files, secrets."""

import os
import pwd
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.ports import holder
from flumec.compiler.installer.reading import unreadable
from flumec.compiler.installer.runtime import Python, find_parcel, lacking, runtime_of
from flumec.compiler.installer.saying import Level, Report, bytes_said
from flumec.compiler.installer.systemd import OLDEST, systemd_version
from flumec.compiler.installer.teams import check_teams
from flumec.compiler.installer.versions import installed

OURS = "flumec"
"""The user that the bundle makes itself."""

SPARE = 32_000_000
"""Bytes that a disk has to have left besides."""


class Setting(NamedTuple):
    """What a run has to go by."""

    host: Host
    bundle: Bundle
    python: Python
    runtime: str | None
    """What --runtime said."""
    starting: bool = True
    """Whether agents are to be started: else what they lack is no hindrance yet."""
    replacing: bool = False
    """Whether agents of other flows may be stopped."""


def check(run: Setting, report: Report) -> None:
    """Look at everything, and report what is not as it has to be."""
    _check_python(run, report)
    _check_runtime(run, report)
    _check_host(run, report)
    if not run.host.live:
        return
    _check_systemd(report)
    check_teams(run.host, run.bundle, "warning" if run.replacing else "error", report)
    level: Level = "error" if run.starting else "warning"
    for agent in run.bundle.agents:
        _check_user(agent, level, report)
        _check_ports(agent, level, report)
        _check_credentials(agent, level, report)
        _check_state(agent, report)
        if os.geteuid() == 0:
            _check_reading(run.bundle, agent, level, report)
    _check_room(run, report)


def _check_python(run: Setting, report: Report) -> None:
    python, bundle = run.python, run.bundle
    if bundle.runtime is None:
        if python.flumec is None and run.host.live:
            report.found(
                "error",
                f"{python.path} has no flumec, and the bundle brings no runtime",
                "install flumec there, name another with --python, or build with --wheels",
            )
        elif python.flumec is not None and python.flumec != bundle.version:
            report.found(
                "error",
                f"{python.path} has flumec {python.flumec}, the bundle is of {bundle.version}",
                "install the same version, or build with --wheels",
            )
        return
    if python.version != bundle.python:
        report.found(
            "error",
            f"the runtime is for Python {bundle.python}, {python.path} is {python.version}",
            f'name another with --python, or say `python = "{python.version}"` of this host',
        )
    if python.arch != bundle.arch:
        report.found(
            "error",
            f"the runtime is for {bundle.arch}, this machine is {python.arch}",
            "say `arch` of this host in the .flow file, and build anew",
        )
    if python.libc and _numbers(python.libc) < _numbers(bundle.runtime["glibc"]):
        needed = bundle.runtime["glibc"]
        report.found("error", f"the runtime needs glibc {needed}, this host has {python.libc}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _check_runtime(run: Setting, report: Report) -> None:
    folder = runtime_of(run.host, run.bundle)
    if folder is not None and not folder.is_dir() and find_parcel(run.bundle, run.runtime) is None:
        report.found("error", lacking(run.bundle))


def _check_host(run: Setting, report: Report) -> None:
    """See whether the bundle is this host's: another host's would take over its state."""
    before = installed(run.host)
    if before is not None and before.host != run.bundle.host:
        report.found(
            "error",
            f"this host is installed as {before.host}, and the bundle is for {run.bundle.host}",
            "take this host's bundle; if it was renamed, `install --remove` first (state stays)",
        )


def _check_systemd(report: Report) -> None:
    version = systemd_version()
    if version is None:
        report.found("error", "systemd does not run here", "use --root DIR to fill an image")
    elif version < OLDEST:
        report.found("error", f"systemd is {version}, the units need {OLDEST} or newer")


def _check_user(agent: dict[str, Any], level: Level, report: Report) -> None:
    try:
        pwd.getpwnam(agent["user"])
    except KeyError:
        if agent["user"] != OURS:
            report.found(
                level,
                f"`{agent['name']}` runs as `{agent['user']}`, and there is no such user",
                "make it; the bundle makes only its own",
            )


def _check_ports(agent: dict[str, Any], level: Level, report: Report) -> None:
    ports = dict(agent["ports"])
    if agent["metrics_port"]:
        ports["metrics"] = agent["metrics_port"]
    for name, port in ports.items():
        if who := holder(port):
            report.found(
                level, f"port {port} of `{agent['name']}.{name}` is taken by {who}", "stop it"
            )


def _check_credentials(agent: dict[str, Any], level: Level, report: Report) -> None:
    for name, place in agent["credentials"].items():
        path = Path(place)
        if not path.is_file():
            report.found(
                level,
                f"`{agent['name']}` needs the secret `{name}`, and there is no {path}",
                "put it there, mode 600, owner root",
            )
        elif path.stat().st_mode & 0o077:
            report.found("warning", f"{path} can be read by others", f"chmod 600 {path}")


def _check_state(agent: dict[str, Any], report: Report) -> None:
    state = Path(agent["state"])
    try:
        owner = pwd.getpwuid(state.stat().st_uid).pw_name
    except OSError:  # it is made when the agent starts
        return
    except KeyError:
        owner = "nobody that this host knows"
    if owner != agent["user"]:
        report.found(
            "warning",
            f"{state} belongs to {owner}; it will be {agent['user']}'s when the agent starts",
        )


def _check_reading(bundle: Bundle, agent: dict[str, Any], level: Level, report: Report) -> None:
    refused, unmatched = unreadable(bundle, agent)
    for path in refused:
        report.found(
            level,
            f"`{agent['name']}` runs as `{agent['user']}`, which may not read {path}",
            "let its group read it, or have it run as another `user`",
        )
    for pattern in unmatched:
        report.found("note", f"no file matches {pattern} yet")


def _check_room(run: Setting, report: Report) -> None:
    """See whether the bundle fits on its disk, and the channels on theirs when they are full."""
    folder = runtime_of(run.host, run.bundle)
    needed = SPARE
    if folder is not None and not folder.is_dir():
        assert run.bundle.runtime is not None
        needed += run.bundle.runtime["bytes"]
    free = _free(run.host.home)
    if free < needed:
        said = f"{run.host.home} needs {bytes_said(needed)}, and {bytes_said(free)} are free"
        report.found("error", said)
    room = sum(agent["room"] for agent in run.bundle.agents)
    states = [Path(agent["state"]) for agent in run.bundle.agents]
    used = sum(_sizes(state) for state in states)
    left = _free(Path("/var/lib/flumec"))
    if room - used > left:
        report.found(
            "warning",
            f"the channels may hold {bytes_said(room)}, and the disk of /var/lib/flumec has room "
            f"for {bytes_said(left + used)}",
            "a disk that is full stops the sources, nothing is lost",
        )


def _free(path: Path) -> int:
    return shutil.disk_usage(next(each for each in (path, *path.parents) if each.exists())).free


def _sizes(folder: Path) -> int:
    return sum(_blocks(path) for path in folder.rglob("*"))


def _blocks(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except OSError:  # freed in this moment
        return 0
