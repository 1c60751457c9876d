"""The safety net under inotify: every file is looked at now and then, quiet ones less often."""

import itertools
import os
from collections.abc import Iterator

from flumec.runtime.tail.file import Followed
from flumec.runtime.tail.registry import Registry
from flumec.runtime.tail.scan import Scanner
from flumec.runtime.tail.watch import Watch

QUIET = 60.0
"""Seconds without growth after which a watched file is looked at in one of `SLICES` rounds only."""

SLICES = 10

_UNTOLD = 500_000_000


class Poll:
    """Thousands of files at rest must not cost CPU; where inotify is blind all must be looked at.

    A directory in which a poll found growth half a second old is taken to be such a one, as on
    network file systems.
    """

    def __init__(self, registry: Registry, scanner: Scanner, watch: Watch) -> None:
        self._registry = registry
        self._scanner = scanner
        self._watch = watch
        self._blind: set[str] = set()
        self._rounds = itertools.count()

    def changed(self, now: float, wall: int) -> Iterator[Followed]:
        """Yield files that changed; `wall` in nanoseconds since 1970, `now` monotonic seconds."""
        turn = next(self._rounds) % SLICES
        for number, file in enumerate(self._registry):
            if number % SLICES != turn and now - file.changed > QUIET and self._is_told(file):
                continue
            first = file.modified < 0
            if not self._has_changed(file, now, wall):
                continue
            if not first and wall - file.modified > _UNTOLD:
                self._blind.add(_folder(file))
            yield file

    def _is_told(self, file: Followed) -> bool:
        folder = _folder(file)
        return not file.displaced and folder not in self._blind and self._watch.watches(folder)

    def _has_changed(self, file: Followed, now: float, wall: int) -> bool:
        if file.descriptor >= 0:
            return file.look(now, wall)
        try:
            status = os.stat(file.path)  # noqa: PTH116 thousands of files
        except OSError:
            self._scanner.expect_changes()
            return False
        return (status.st_size, status.st_mtime_ns) != (file.size, file.modified)


def _folder(file: Followed) -> str:
    return os.path.dirname(file.path)  # noqa: PTH120 thousands of files
