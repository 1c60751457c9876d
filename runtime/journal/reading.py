"""Finding a channel's frames, in order: in memory what was just put, on disk what is older."""

from dataclasses import dataclass, field

from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.live import LiveChannel, Shared, load
from flumec.runtime.journal.ranges import after, covers
from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.waiting import Recent
from flumec.runtime.journal.walk import Located, Walk


@dataclass(slots=True)
class Reader:
    """Takes the frames of one channel; `position` is the row after the last one taken."""

    shared: Shared
    live: LiveChannel
    position: int
    _walk: Walk | None = field(default=None, init=False)

    @property
    def unread(self) -> bool:
        """Whether there is more; asked with the lock held."""
        return after(self.live.gaps, self.position) < self.live.end

    def seek(self, row: int) -> None:
        """Go on at `row`."""
        self.position = row
        self.close()

    def close(self) -> None:
        """Close the file that is read."""
        if self._walk is not None:
            self._walk.close()
            self._walk = None

    def arrived(self) -> bool:
        """Say whether something came since `frame` looked; the caller holds the lock."""
        memory = self.live.memory
        on_disk = isinstance(memory, Recent) and self.position < memory.since
        return self.unread if on_disk else memory.has(self.position)

    def frame(self) -> Chunk | None:
        """Return the frame at or after the position, whole; None if there is none yet."""
        memory = self.live.memory
        with self.shared.lock:
            on_disk = isinstance(memory, Recent) and self.position < memory.since
            chunk = None if on_disk else self._from_memory()
        if on_disk:
            return self._from_disk()
        self.close()  # it stands where memory began: later it would repeat what memory gave
        return chunk

    def _from_memory(self) -> Chunk | None:
        while (chunk := self.live.memory.take(self.position)) is not None:
            self.position = chunk.end
            if self.live.take(chunk.first, chunk.end):
                return chunk
        return None

    def _from_disk(self) -> Chunk | None:
        if self._walk is None:
            self._walk = self.shared.walk(self.live.state.number, self.position)
        try:
            while (located := self._walk.next()) is not None:
                chunk, entry = self._load(located), located.entry
                with self.shared.lock:
                    self.position = entry.end
                    if self.live.take(entry.first, entry.end):
                        return chunk
        except JournalDamaged:
            self.close()  # a walk doesn't go back, and the frame must not be passed over
            raise
        except OSError as error:
            self.close()
            raise unreadable(error) from error
        return None

    def _load(self, located: Located) -> Chunk | None:
        """Read a frame; None if it was dropped, for then its body may be gone already."""
        entry = located.entry
        try:
            return load(located, self.shared.state.epoch_of(entry.first), self.shared.keys)
        except JournalDamaged:
            with self.shared.lock:
                if not covers(self.live.gaps, entry.first, entry.end):
                    raise
        return None


def unreadable(error: OSError) -> OSError:
    """Return the error of a disk as one that says that it is the journal's."""
    what = "rows of the journal cannot be read back: look at its disk (`dmesg`, `smartctl`)"
    return OSError(error.errno, f"{error.strerror or error}: {what}")
