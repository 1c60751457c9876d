"""Finding the frames of a channel that spills, in order, whether they lie in memory or on disk."""

from dataclasses import dataclass, field

from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.ranges import after
from flumec.runtime.journal.reading import Reader, unreadable
from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.waiting import Spilled
from flumec.runtime.journal.walk import Located


@dataclass(slots=True)
class Merging(Reader):
    """Takes the frames of one channel by their numbers: the next one of each place is compared.

    A frame is only taken from the disk after a look into memory: what is published later has higher
    numbers, so what is in memory then and has a lower one is all that may come before it.
    Of late frames the log's walk passes over those that are older than what stands before them, and
    finds the others as well, in their order: whichever way a frame is found, it is taken once.
    """

    _found: Located | None = field(default=None, init=False)
    """The next frame of the log, which is not taken yet."""

    def close(self) -> None:
        """Close the file that is read."""
        self._found = None
        super(Merging, self).close()

    def arrived(self) -> bool:
        """Say whether something came since `frame` looked; the caller holds the lock."""
        return self._memory.has(self.position) or self._on_disk()

    def frame(self) -> Chunk | None:
        """Return the frame at or after the position, whole; None if there is none yet."""
        memory = self._memory
        while True:
            with self.shared.lock:
                on_disk = self._on_disk()
            located = self._next_stored() if on_disk else None
            with self.shared.lock:
                held = memory.peek(self.position)
                if located is None or (held is not None and held.first < located.entry.first):
                    if held is None:
                        break
                    memory.take(self.position)
                    self.position = held.end
                    if self.live.take(held.first, held.end):
                        return held
                    continue
            if (chunk := self._take(located)) is not None:
                return chunk
        if not on_disk:
            self.close()
        return None

    @property
    def _memory(self) -> Spilled:
        assert isinstance(self.live.memory, Spilled)
        return self.live.memory

    def _on_disk(self) -> bool:
        """Whether there is an unread frame on the disk; the caller holds the lock."""
        return after(self.live.gaps, self.position) < self._memory.stored_end

    def _next_stored(self) -> Located | None:
        """Return the next frame on the disk, of the log or of those that were written late."""
        with self.shared.lock:
            late = self._memory.late_at(self.position)
        try:
            if self._walk is None:
                self._walk = self.shared.walk(self.live.state.number, self.position)
            while self._found is None or self._found.entry.end <= self.position:
                if (found := self._walk.next()) is None:
                    return late
                self._found = found
        except JournalDamaged:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise unreadable(error) from error
        if late is not None and late.entry.first < self._found.entry.first:
            return late
        return self._found

    def _take(self, located: Located) -> Chunk | None:
        """Read a frame from the disk; None if it was dropped."""
        try:
            chunk, entry = self._load(located), located.entry
        except JournalDamaged:
            self.close()  # a walk doesn't go back, and the frame must not be passed over
            raise
        except OSError as error:
            self.close()
            raise unreadable(error) from error
        with self.shared.lock:
            self.position = entry.end
            return chunk if self.live.take(entry.first, entry.end) else None
