"""The hand that kills: the agents of these tests have it in their own process. It is SIGKILL."""

import importlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from functools import wraps
from json import dumps, loads
from pathlib import Path
from threading import Lock
from typing import Any

from faults.points import Point
from flumec.runtime.disk import Bytes, DiskFile, Mode, RealDisk, RealFile


def encode(point: Point, turn: int, report: Path) -> str:
    """Put what is to be done into an environment variable."""
    return dumps({"point": asdict(point), "turn": turn, "report": str(report)})


class Hand:
    """Counts how often its point is reached, and kills the process at its turn."""

    def __init__(self, order: str) -> None:
        read = loads(order)
        self.point = Point(**read["point"])
        self.stage = "opening"
        self._left = read["turn"]
        self._report = os.open(read["report"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = Lock()

    def due(self, when: str) -> bool:
        """Say whether this is the step, and its time."""
        with self._lock:
            if when != self.point.when or self.point.stage not in ("any", self.stage):
                return False
            self._left -= 1
            return bool(self._left == 0)

    def strike(self) -> None:
        """Leave a line, and die."""
        os.write(self._report, f"{self.point.key}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()

    def install(self) -> None:
        """Have the agent that is about to run come by."""
        from flumec.runtime import keeping, process

        kind, *place = self.point.place.split()
        if kind == "disk":
            process.RealDisk = lambda: MortalDisk(self, *place)  # type: ignore[attr-defined]
        else:
            module, path = place[0].split(":")
            owner, method = path.split(".")
            self._wrap(getattr(importlib.import_module(module), owner), method)
        opened = keeping.open_journals

        @wraps(opened)
        def opening(*arguments: Any, **named: Any) -> Any:
            journals = opened(*arguments, **named)
            self.stage = "settling"
            return journals

        keeping.open_journals = opening
        self._watch_first_read()

    def _watch_first_read(self) -> None:
        from flumec.runtime.surroundings import WatchedConsumer

        read = WatchedConsumer.read

        def reading(consumer: Any, *arguments: Any) -> Any:
            self.stage = "working"
            return read(consumer, *arguments)

        WatchedConsumer.read = reading  # type: ignore[method-assign]

    def _wrap(self, owner: type, method: str) -> None:
        step = getattr(owner, method)

        @wraps(step)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            if self.due("before"):
                self.strike()
            result = step(*arguments, **named)
            if self.due("after"):
                self.strike()
            return result

        setattr(owner, method, wrapped)


class MortalDisk(RealDisk):
    """A real disk, at one of whose calls the process dies."""

    def __init__(self, hand: Hand, verb: str, pattern: str) -> None:
        self._hand = hand
        self._verb = verb
        self._pattern = pattern

    def step(self, verb: str, path: Path, work: Callable[[], Any], half: Any = None) -> Any:
        """Do the work, unless it is time to die before, during or after it."""
        here = fnmatchcase(verb, self._verb) and fnmatchcase(str(path), self._pattern)
        if here and self._hand.due("before"):
            self._hand.strike()
        if here and half and self._hand.due("half"):
            half()
            self._hand.strike()
        result = work()
        if here and self._hand.due("after"):
            self._hand.strike()
        return result

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        verb = {"read": "look", "write": "reopen", "create": "open"}[mode]
        opened = super().open
        file = self.step(verb, path, lambda: opened(path, mode))
        return MortalFile(self, path, file._descriptor)

    def rename(self, old: Path, new: Path) -> None:
        rename = super().rename
        self.step("rename", old, lambda: rename(old, new))

    def unlink(self, path: Path) -> None:
        unlink = super().unlink
        self.step("unlink", path, lambda: unlink(path))

    def remove_directory(self, path: Path) -> None:
        remove = super().remove_directory
        self.step("remove_directory", path, lambda: remove(path))

    def names(self, path: Path) -> list[str]:
        names = super().names
        return self.step("names", path, lambda: names(path))  # type: ignore[no-any-return]

    def sync_directory(self, path: Path) -> None:
        sync = super().sync_directory
        self.step("sync_directory", path, lambda: sync(path))


class MortalFile(RealFile):
    """A file of a `MortalDisk`."""

    def __init__(self, disk: MortalDisk, path: Path, descriptor: int) -> None:
        super().__init__(descriptor)
        self._disk = disk
        self._path = path

    def read(self, length: int, offset: int) -> bytes:
        read = super().read
        return self._step("read", lambda: read(length, offset))  # type: ignore[no-any-return]

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        write = super().write
        data = b"".join(buffers)

        def half() -> None:
            write([data[: len(data) // 2]], offset)

        self._step("write", lambda: write([data], offset), half)

    def sync(self) -> None:
        self._step("sync", super().sync)

    def allocate(self, size: int) -> None:
        allocate = super().allocate
        self._step("allocate", lambda: allocate(size))

    def truncate(self, size: int) -> None:
        truncate = super().truncate
        self._step("truncate", lambda: truncate(size))

    def _step(self, verb: str, work: Callable[[], Any], half: Any = None) -> Any:
        return self._disk.step(verb, self._path, work, half)
