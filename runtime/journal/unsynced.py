"""What was written and not synced yet: when that is due, and what follows the sync.

A journal that syncs each group (`commit`) has one group here, for as long as its sync takes.
"""

from dataclasses import dataclass, field

from flumec.runtime.clock import Clock
from flumec.runtime.journal.ops import Answered, Batch
from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.room import Room

MOST_UNSYNCED = 8 << 20
"""The bytes that may be unsynced: a power cut takes no more, and a start copies no more."""


@dataclass(slots=True)
class Unsynced:
    """The groups since the last sync; `every` is the time between two, None for each group."""

    clock: Clock
    every: float | None
    room: Room
    """Somebody may wait for it, and only a sync gives some back."""
    batches: list[Batch] = field(default_factory=list)
    unanswered: list[Answered] = field(default_factory=list)
    _due: float = 0.0
    _forced: bool = False

    def __bool__(self) -> bool:
        return bool(self.batches)

    def add(self, batch: Batch) -> tuple[Batch | None, list[Answered]]:
        """Take in what was written, if anything was; return what is shown and answered now."""
        logged = bool(batch.group.parts)
        if not logged and not self.batches:
            return batch, batch.results
        if self.every is None:
            self._forced = True
            self.batches.append(batch)
            self.unanswered += batch.results
            return None, []
        shown = self._show(batch)
        if not logged:
            shown.given_back, batch.given_back = batch.given_back, []
            self.batches.append(batch)
            return shown, batch.results
        if not self.batches:
            self._due = self.clock.monotonic() + self.every
        self.batches.append(batch)
        if any(op.forces for op, _ in batch.results):
            self._forced = True
            self.unanswered += batch.results
            return shown, []
        self.unanswered += [each for each in batch.results if not each[0].early]
        return shown, [each for each in batch.results if each[0].early]

    def _show(self, batch: Batch) -> Batch:
        """Take out what may be read at once: rows of memory channels of which nothing is written.

        Unless older rows of their channel wait: then they come behind these.
        """
        waiting = {number for held in self.batches for number, _ in held.chunks}
        now: list[tuple[int, Chunk]] = []
        later: list[tuple[int, Chunk]] = []
        for number, chunk in batch.chunks:
            free = chunk.first in batch.unlogged and number not in waiting
            (now if free else later).append((number, chunk))
            if not free:
                waiting.add(number)
        batch.chunks = later
        return Batch(batch.state, batch.segment, batch.now_ns, chunks=now)

    def hurry(self) -> None:
        """Have it synced at once."""
        self._forced = True

    def is_due(self, size: int) -> bool:
        """Say whether it is to be synced now; `size` is how many bytes it has."""
        return self._forced or (
            bool(self.batches)
            and (size >= MOST_UNSYNCED or self.due_in() == 0.0 or self.room.awaited)
        )

    def due_in(self) -> float | None:
        """Return in how many seconds it is due, None where nothing is."""
        return max(0.0, self._due - self.clock.monotonic()) if self.batches else None

    def take(self) -> tuple[list[Batch], list[Answered]]:
        """Return what follows the sync, which was just done, and begin anew."""
        taken = self.batches, self.unanswered
        self.batches, self.unanswered, self._forced = [], [], False
        return taken
