"""The thread that rewrites segments, beside the writer's, which never waits for it."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Condition, Lock, Thread

from flumec.runtime import logs
from flumec.runtime.disk import Disk
from flumec.runtime.journal.log import RESERVES
from flumec.runtime.journal.rewriting import REWRITING, NotWorth, Rewriting
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.state import State
from flumec.runtime.journal.walk import segment_path
from flumec.runtime.messages.agent import SegmentStays

_SPARE = 64 << 10
"""What a new file may take beside the frames in it: its header, its opening."""


class Rewriter:
    """Rewrites what it is offered, one at a time; `lock` guards the state."""

    def __init__(self, directory: Path, disk: Disk, state: State, lock: Lock) -> None:
        self._directory = directory
        self._disk = disk
        self._state = state
        self._lock = lock
        self._changed = Condition()
        self._offered: dict[int, frozenset[int]] = {}
        self._tried: dict[int, frozenset[int]] = {}
        self._busy = self._closing = False
        self._thread: Thread | None = None

    def offer(self, segments: Mapping[int, frozenset[int]]) -> None:
        """Have segments rewritten without the frames that none of their channels needs.

        That must be durable. What was tried in vain is tried again when other channels are left.
        """
        with self._changed:
            self._tried = {n: kept for n, kept in self._tried.items() if n in segments}
            self._offered = {n: kept for n, kept in segments.items() if self._tried.get(n) != kept}
            if self._offered and self._thread is None:
                self._thread = Thread(target=self._run, name="journal space", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Leave what is under way, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def settle(self) -> None:
        """Wait until all that was offered is done with."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._offered or self._busy))

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._rewrite(*job)
            except OSError:
                pass  # of a disk that can't, the writer or a reader says so; the old file is there
            except Exception as error:
                self._let_be(*job, error)

    def _let_be(self, number: int, kept: frozenset[int], error: Exception) -> None:
        """Leave a segment as it is: to end would help nobody, the next start would meet it too."""
        self._tried[number] = kept
        path = segment_path(self._directory, number)
        log = logs.of("journal")
        log.error(SegmentStays(segment=str(path), reason=logs.reason(error)))
        log.debug("the rewriting failed here", exc_info=error)

    def _next(self) -> tuple[int, frozenset[int]] | None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._offered or self._closing)
            if self._closing:
                return None
            number = min(self._offered)
            self._busy = True
            return number, self._offered.pop(number)

    def _rewrite(self, number: int, kept: frozenset[int]) -> None:
        with self._lock:
            segment = self._state.segments.get(number)
            following = min((n for n in self._state.segments if n > number), default=0)
        if segment is None or not following or not self._has_room(_SPARE + segment.alive(kept)):
            return
        path = segment_path(self._directory, following)
        work = Rewriting(segment, kept, path, self._directory, self._disk)
        try:
            done = self._carry_out(work)
        finally:
            work.undo()
        self._tried[number] = kept
        with self._lock:
            if number in self._state.segments:
                if done is not None:
                    self._state.segments[number] = done
                return
        with suppress(FileNotFoundError):  # it was deleted, perhaps before the new one came
            self._disk.unlink(segment_path(self._directory, number))

    def _carry_out(self, work: Rewriting) -> SegmentState | None:
        """Return what is in a segment's place now, None if it stays."""
        with suppress(NotWorth):
            for done in work.run():
                if done is not None:
                    return done
                if self._closing or work.segment.number not in self._state.segments:
                    break
        return None

    def _has_room(self, length: int) -> bool:
        """Say whether a new file has room; where the disk has none, a reserve is the file.

        It is made anew of what the old file took.
        """
        if self._disk.free(self._directory) >= length:
            return True
        spare = self._directory / RESERVES[-1]
        known = set(self._disk.names(self._directory))
        if not known.issuperset(RESERVES) or self._disk.stat(spare).st_size < length:
            return False
        self._disk.rename(spare, self._directory / REWRITING)
        return True
