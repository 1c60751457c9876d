"""The journal's disk as metrics see it: how many syncs there were, and how long they took."""

import threading
from collections.abc import Callable
from pathlib import Path

from flumec.runtime.disk import Disk, DiskFile, Mode
from flumec.runtime.frozen import frozen

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds: a flash disk takes less than a millisecond, one that spins ten, a cloud's forty."""


@frozen
class SyncReading:
    """Syncs up to each bound of BOUNDS and beyond the last, not summed up; and their time."""

    counts: tuple[int, ...]
    seconds: float
    under_way: float = 0.0
    """For how many seconds the sync goes on that is under way longest; 0 where none is."""

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """What Prometheus wants: by upper bound, how many took at most so long."""
        total, found = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class TimedDisk:
    """A disk each of whose file syncs is timed; everything else is the disk's own."""

    def __init__(self, disk: Disk, monotonic: Callable[[], float]) -> None:
        self._disk = disk
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._counts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self._began: list[float] = []
        """When each sync under way began."""
        self.rename = disk.rename
        self.unlink = disk.unlink
        self.make_directory = disk.make_directory
        self.remove_directory = disk.remove_directory
        self.names = disk.names
        self.stat = disk.stat
        self.sync_directory = disk.sync_directory
        self.free = disk.free

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        """Open a file; raise FileNotFoundError or FileExistsError."""
        return _TimedFile(self._disk.open(path, mode), self._time)

    @property
    def syncs(self) -> SyncReading:
        """All syncs since the start."""
        with self._lock:
            under_way = self._monotonic() - min(self._began) if self._began else 0.0
            return SyncReading(tuple(self._counts), self._seconds, under_way)

    def _time(self, sync: Callable[[], None]) -> None:
        began = self._monotonic()
        with self._lock:
            self._began.append(began)
        try:
            sync()
        finally:
            with self._lock:
                self._began.remove(began)
        seconds = self._monotonic() - began
        number = next((n for n, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
        with self._lock:
            self._counts[number] += 1
            self._seconds += seconds


class _TimedFile:
    """A file whose methods are the file's own, but for `sync`."""

    def __init__(self, file: DiskFile, time: Callable[[Callable[[], None]], None]) -> None:
        self._sync = file.sync
        self._time = time
        self.read = file.read
        self.read_into = file.read_into
        self.write = file.write
        self.allocate = file.allocate
        self.truncate = file.truncate
        self.uncache = file.uncache
        self.stat = file.stat
        self.lock = file.lock
        self.close = file.close

    def sync(self) -> None:
        """Make the content and size durable. After an error, what is on disk is unknown."""
        self._time(self._sync)
