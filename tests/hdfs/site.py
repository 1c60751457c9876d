"""A host with an agent that loads a log into HDFS, and its writer; and who counts at the end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hdfs.util import HdfsError

LOADER = Path(__file__).parent / "loader.py"
KINDS = "abc"


class Loader:
    """One start after the other of the agent, on one state."""

    def __init__(self, folder: Path, state: Path, directory: str, *namenodes: str) -> None:
        self.state = state
        self.log = folder / f"{state.name}.log"
        path = f"hdfs://lake{directory}/%{{kind}}"
        self._command = [sys.executable, str(LOADER), str(folder), str(state), path, *namenodes]
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """End it in order; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def copied(self) -> int:
        """Return how many bytes are in the local copy."""
        files = (self.state / "copies").glob("*.log")
        return sum(path.stat().st_size for path in files)


class Site:
    """The log, its writer, and what of it is in HDFS."""

    def __init__(self, folder: Path, hdfs: Any, directory: str) -> None:
        self.folder = folder
        self.hdfs = hdfs
        self.directory = directory
        self.written = 0
        self._size = 0
        self._done = threading.Event()
        self._writer = threading.Thread(target=self._write, daemon=True)

    def loader(self, name: str, *namenodes: str) -> Loader:
        state = self.folder / name
        state.mkdir(exist_ok=True)
        return Loader(self.folder, state, self.directory, *(namenodes or self.hdfs.addresses))

    def begin(self) -> None:
        (self.folder / "app.log").touch()
        self._writer.start()

    def _write(self) -> None:
        """Write some 600 lines a second, until it is enough."""
        with (self.folder / "app.log").open("ab", buffering=0) as log:
            while not self._done.wait(0.05):
                lines = b"".join(_line(self.written + n) for n in range(30))
                log.write(lines)
                self.written += 30
                self._size += len(lines)

    def end(self) -> None:
        """End the log."""
        self._done.set()
        self._writer.join()

    def arrived(self) -> int:
        """Return how many bytes are published, as HDFS counts them."""
        client, found = self.hdfs.client(), 0
        for kind in KINDS:
            try:
                found += client.content(f"{self.directory}/{kind}")["length"]
            except HdfsError as error:
                if error.exception != "FileNotFoundException":
                    raise
        return found

    def all_arrived(self) -> bool:
        return self.arrived() >= self._size

    def verdict(self) -> str:
        """Return what is wrong with what was published: read back, every line of every file."""
        found: Counter[bytes] = Counter()
        for path, content in self.hdfs.published(self.directory).items():
            lines = content.splitlines(keepends=True)
            found.update(lines)
            if lines != sorted(lines) or any(f"kind={path[0]}".encode() not in x for x in lines):
                return f"{path} has lines of others, or in another order"
        expected = {_line(number) for number in range(self.written)}
        lost, double = expected - found.keys(), [line for line, n in found.items() if n > 1]
        strange = found.keys() - expected
        return (
            f"{self.written} written, lost {len(lost)}, duplicated {len(double)}, "
            f"strange {len(strange)}"
        )

    @property
    def good(self) -> str:
        return f"{self.written} written, lost 0, duplicated 0, strange 0"


def _line(number: int) -> bytes:
    return b"%09d kind=%c %s\n" % (number, KINDS[number % 3].encode(), b"x" * 120)


def until(holds: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)
