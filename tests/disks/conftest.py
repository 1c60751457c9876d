"""Real file systems, made and mounted for a test, and an agent that works on them.

They need a superuser and loop devices; without, the tests are skipped with that reason.
"""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

PATIENCE = 40.0
_MAKE = {
    "ext4": ("mkfs.ext4",),
    "xfs": ("mkfs.xfs", "-q"),
    "btrfs": ("mkfs.btrfs", "-q"),
}
_LEAST = {"xfs": 300, "btrfs": 120}
"""MiB, without which their tools make none."""

SCRIPT = """
    from pathlib import Path

    from flumec.runtime import Agent, Duration, Size
    from flumec.runtime.channels import File
    from flumec.runtime.journal import journal
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Taildir

    journal.SEGMENT_SIZE = {segment}
    lines = Taildir("lines", files=({log!r},), batch=Size("16KiB"), poll=Duration("100ms"))
    spool = File("spool", size=Size("64MiB"))
    files = FileRoll("files", directory=Path({out!r}), roll=Roll(every=Duration("100ms")))

    agent = Agent("tailer", host="web-1", address="127.0.0.1")
    agent.flow(lines, to=spool)
    agent.deliver(spool, files)

    if __name__ == "__main__":
        agent.run()
"""


def until(holds: Callable[[], object], what: Callable[[], str]) -> None:
    """Wait until something holds; if it never does, say what there is."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


class Mounts:
    """File systems in files of the test's own folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Path] = []
        self._images: dict[Path, Path] = {}
        self._servers: list[Troubled] = []

    def ext4(self, megabytes: int, *make: str, options: str = "") -> Path:
        """Make an ext4 file system and mount it."""
        image = self._folder / f"{len(self._made)}.img"
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        self.run("mkfs.ext4", "-q", "-F", "-m", "0", *make, str(image))
        return self.mount(str(image), "loop" + (f",{options}" if options else ""))

    def of(self, kind: str, megabytes: int, options: str = "") -> Path:
        """Make a file system of a kind and mount it; skip where it is not known here."""
        tool, *make = _MAKE[kind]
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")
        if kind == "ext4":
            return self.ext4(megabytes, options=options)
        image = self._folder / f"{len(self._made)}.img"
        with image.open("wb") as file:
            file.truncate(max(megabytes, _LEAST[kind]) << 20)
        self.run(tool, *make, str(image))
        return self.mount(str(image), "loop" + (f",{options}" if options else ""), "-t", kind)

    def fill(self, where: Path, but: int) -> None:
        """Take what a file system has free, but for so many bytes."""
        free = os.statvfs(where)
        with (where / "filler").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize - but))

    def quota(self, megabytes: int) -> Path:
        """Return a folder in which no more than so many bytes may lie, on a larger disk."""
        disk = self.of("btrfs", 300)
        for command in (
            ("quota", "enable", str(disk)),
            ("subvolume", "create", str(disk / "bounded")),
            ("qgroup", "limit", f"{megabytes}M", str(disk / "bounded")),
        ):
            self.run("btrfs", *command)
        return disk / "bounded"

    def thin(self, megabytes: int, promised: int) -> Path:
        """Return an ext4 file system that promises more than the disk below it has."""
        below = self.tmpfs(megabytes)
        image = below / "thin.img"
        with image.open("wb") as file:
            file.truncate(promised << 20)
        self.run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", str(image))
        return self.mount(str(image), "loop")

    def troubled(self) -> "Troubled":
        """Mount a file system that is in trouble when told so."""
        if not Path("/dev/fuse").exists():
            pytest.skip("needs /dev/fuse")
        folders = [self._folder / f"{name}-{len(self._made)}" for name in ("below", "trouble")]
        where = self._folder / f"disk-{len(self._made)}"
        for folder in (*folders, where):
            folder.mkdir()
        made = Troubled(where, *folders)
        made.start()
        self._made.append(where)
        self._servers.append(made)
        return made

    def tmpfs(self, megabytes: int) -> Path:
        """Mount a file system in memory."""
        return self.mount("tmpfs", f"size={megabytes}m", "-t", "tmpfs")

    def mount(self, what: str, options: str, *more: str) -> Path:
        """Mount something at a place of its own."""
        where = self._folder / f"disk-{len(self._made)}"
        where.mkdir()
        self.run("mount", *more, "-o", options, what, str(where))
        self._images[where] = Path(what)
        self._made.append(where)
        return where

    def remount(self, where: Path, options: str) -> None:
        """Change how a file system is mounted."""
        self.run("mount", "-o", f"remount,{options}", str(where))

    def again(self, where: Path) -> None:
        """Unmount it and mount it anew, as after a power cut."""
        image = str(self._images[where])
        self.run("umount", str(where))
        # A host that boots has a copy of all mounts for a moment: it would come back as it was.
        until(lambda: not subprocess.check_output(["losetup", "-j", image]), lambda: image)
        self.run("mount", "-o", "loop", image, str(where))

    def end(self) -> None:
        """Unmount all."""
        for server in self._servers:
            server.end()
        for where in reversed(self._made):
            subprocess.run(["umount", "-l", str(where)], capture_output=True, check=False)

    def run(self, *command: str) -> None:
        """Run a command that must not fail."""
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and command[0].startswith(("mount", "mkfs")) and not self._made:
            pytest.skip(f"needs loop devices and mounts: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr


class Troubled:
    """A mounted `trouble_fs`, at `where`."""

    def __init__(self, where: Path, below: Path, trouble: Path) -> None:
        self.where = where
        self._below = below
        self._trouble = trouble
        self._server: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Mount it, with what it held."""
        script = Path(__file__).with_name("trouble_fs.py")
        command = [sys.executable, script, self._below, self.where, self._trouble]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "mounted\n"

    def meets(self, what: str, more: str = "") -> None:
        """Have it be in trouble."""
        (self._trouble / what).write_text(more)

    def is_well(self) -> None:
        """Have it be in no trouble any more."""
        for each in self._trouble.iterdir():
            each.unlink()

    def end(self) -> None:
        """Kill it, so that its mount leads nowhere."""
        if self._server is not None:
            self._server.kill()
            self._server.communicate()
            self._server = None

    def again(self) -> None:
        """Mount it anew."""
        subprocess.run(["umount", "-l", str(self.where)], check=True)
        self.start()


class Tailer:
    """An agent that tails a log into files; its state and its output can lie anywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "lines.log"
        self.log.touch()
        self.state = folder / "state"
        self.out = folder / "out"
        self.written = 0
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, lines: int, size: int = 100) -> None:
        """Let the log grow."""
        text = "".join(f"{self.written + n} {os.urandom(size // 2).hex()}\n" for n in range(lines))
        with self.log.open("a") as file:
            file.write(text)
        self.written += lines

    def start(self, segment: int = 256 << 10, **environment: str) -> None:
        """Start the agent."""
        script = SCRIPT.format(log=str(self.log), out=str(self.out), segment=segment)
        (self.folder / "tailer.py").write_text(textwrap.dedent(script))
        command = [sys.executable, "tailer.py", "--state", str(self.state), "--log", "info"]
        with (self.folder / "stderr").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stderr=log, env={**os.environ, **environment}
            )

    def stores(self, size: int) -> None:
        """Wait until the journal is so large."""
        journal = self.state / "journal"

        def stored() -> int:
            total = 0
            for path in journal.glob("*.seg"):
                with suppress(FileNotFoundError):  # it was freed while we looked
                    total += path.stat().st_size
            return total

        until(lambda: stored() >= size, lambda: f"it stored {stored()} bytes:\n{self.said}")

    def says(self, text: str) -> None:
        """Wait until the agent's log has a text."""
        until(lambda: text in self.said, lambda: f"it does not say {text!r} but:\n{self.said}")

    @property
    def said(self) -> str:
        return (self.folder / "stderr").read_text()

    def ends(self) -> int:
        """Wait until the agent has ended by itself; return its exit code."""
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def refuses(self, starts: int) -> bool:
        """Wait until the agent is ready for the `starts`-th time, or ended; return whether so."""
        assert self.process is not None
        process = self.process
        until(
            lambda: process.poll() is not None or self.said.count("is ready") == starts,
            lambda: self.said,
        )
        return process.poll() is not None

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the agent."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.ends()

    def arrived(self) -> Counter[int]:
        """Return the numbers of the lines that arrived, with their copies."""
        found: Counter[int] = Counter()
        for path in self.out.glob("*.log"):
            found.update(int(line.split()[0]) for line in path.read_text().splitlines())
        return found

    def all_arrive(self) -> None:
        """Wait until every line is there, and require each once."""
        until(lambda: len(self.arrived()) >= self.written, lambda: f"not all came:\n{self.said}")
        assert self.arrived() == Counter(range(self.written))


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    """Yield what mounts file systems."""
    if os.geteuid() or not shutil.which("mkfs.ext4") or not Path("/dev/loop-control").exists():
        pytest.skip("needs a superuser, loop devices and mkfs.ext4")
    made = Mounts(tmp_path)
    yield made
    made.end()


@pytest.fixture
def tailer(tmp_path: Path, mounts: Mounts) -> Iterator[Tailer]:
    """Yield an agent, not yet started; it has ended when its file systems go."""
    made = Tailer(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
