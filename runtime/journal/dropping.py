"""`when_full = drop_oldest`: the oldest frames that nobody has taken make room for new ones."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import NamedTuple

from flumec.runtime.journal.entries import DropEntry
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.live import LiveChannel, Shared, frames
from flumec.runtime.journal.ops import Batch, Op
from flumec.runtime.journal.ranges import after, covers, union
from flumec.runtime.journal.room import Need, Want
from flumec.runtime.journal.spill import NOTHING, Passed
from flumec.runtime.journal.waiting import Held, Spilled
from flumec.runtime.journal.walk import Walk


class _Frame(NamedTuple):
    first: int
    end: int
    bytes: int
    rows: int
    kept: bool = False


@dataclass(slots=True)
class DropOp(Op):
    """Rows of a channel that were dropped when room was wanted; it stands before that put."""

    drop: DropEntry
    passed: Passed = NOTHING
    """Where the rows were, in a channel that spills."""

    @property
    def forces(self) -> bool:
        """It goes with the put for which room was made."""
        return False

    def judge(self, batch: Batch) -> None:
        """Count them, and have nobody read them after a restart either."""
        state, number = batch.state, self.drop.channel
        state.drop(self.drop)
        if (spill := state.channels[number].spill) is not None:
            spill.leave(self.passed)
        if state.channels[number].durable:
            batch.group.add(self.drop.encode())
            batch.gaps.append(number)


class Droppers:
    """The channels of a journal that drop their oldest rows."""

    def __init__(self, shared: Shared, channels: Mapping[str, LiveChannel]) -> None:
        self._shared = shared
        self._droppers = {name: _Dropper(shared, name, live) for name, live in channels.items()}

    def would_do(self, required: Need, optional: Need) -> bool:
        """Say whether dropping makes room that is missing, and none is missing elsewhere that is
        required: nothing is dropped for a put that does not come. The caller holds the lock.
        """
        if not self._droppers:
            return False
        room = self._shared.room
        lacking = [name for name, need in required.items() if room.lacks(name, need)]
        further = (name for name, need in optional.items() if room.lacks(name, need))
        needs = {**required, **optional}
        return all(self._could(name, needs[name]) for name in lacking) and any(
            self._could(name, needs[name]) for name in (*lacking, *further)
        )

    def last(self, needs: Need) -> Need:
        """Return needs with the channels that drop last: the first full one is named to who waits,
        and these are in the way only where dropping is in vain.
        """
        if not self._droppers:
            return needs
        return dict(sorted(needs.items(), key=lambda each: each[0] in self._droppers))

    def _could(self, name: str, need: Want) -> bool:
        dropper = self._droppers.get(name)
        return dropper is not None and bool(dropper.live.untaken) and not dropper.in_vain(need)

    def make_room(self, needs: Need) -> bool:
        """Drop what makes room; False where a channel's rows can't be found. No lock is held."""
        made = [
            dropper.make_room(needs[name])
            for name, dropper in self._droppers.items()
            if name in needs
        ]
        return all(made)


@dataclass(slots=True)
class _Dropper:
    """Drops from one channel: whole frames, the oldest first, none that its consumer has taken.

    What is on disk is found by reading heads, on from where the last one was found.
    """

    shared: Shared
    name: str
    live: LiveChannel
    _mutex: Lock = field(default_factory=Lock)
    _known: deque[_Frame] = field(default_factory=deque)
    """All frames from `_from` on, as far as they were looked up."""
    _from: int = 0
    _walk: Walk | None = None

    def make_room(self, need: Want) -> bool:
        """Drop until the channel takes `need`, or that is in vain; False if nothing was found."""
        dropped = False
        with self._mutex:
            while True:
                with self.shared.lock:
                    if not self.shared.room.lacks(self.name, need) or self.in_vain(need):
                        return True
                    if oldest := list(self._oldest(need)):
                        self._drop(oldest)
                        dropped = True
                if not oldest and not self._look():
                    return dropped

    def in_vain(self, need: Want) -> bool:
        """Say whether what is taken leaves too little, so that dropping all else would not do."""
        live = self.live
        most = need.bytes if live.taken_bytes or live.taken > live.state.low else 0
        return live.taken_bytes + most > live.state.size + live.state.memory

    def _look(self) -> bool:
        """Find more frames on disk; none where they can't be read, which the consumer says."""
        if isinstance(self.live.memory, Held) and not isinstance(self.live.memory, Spilled):
            return False
        with self.shared.lock:
            start = after(self.live.gaps, self.live.taken)
        try:
            if isinstance(self.live.memory, Spilled):
                self._from = max(start, self._from)
                for e in islice(frames(self.shared, self.live, self._from), _AHEAD):
                    self._known.append(_Frame(e.first, e.end, e.held, e.end - e.first, e.kept))
                return bool(self._known)
            if self._walk is None or self._walk.row < start:
                if self._walk is not None:
                    self._walk.close()
                self._walk = self.shared.walk(self.live.state.number, start)
                self._from = start
            while len(self._known) < _AHEAD and (located := self._walk.next()) is not None:
                entry = located.entry
                self._known.append(_Frame(entry.first, entry.end, entry.length, entry.rows))
        except (JournalDamaged, OSError):
            self._walk = None
        return bool(self._known)

    def _oldest(self, need: Want) -> Iterator[_Frame]:
        """Take the oldest frames until they are as much as is needed, or no more are known."""
        taken = after(self.live.gaps, self.live.taken)
        spills = isinstance(self.live.memory, Spilled)
        if isinstance(self.live.memory, Held) and not spills:
            chunks = self.live.memory.from_row(taken)
            self._known = deque(_Frame(c.first, c.end, c.body.size, c.rows) for c in chunks)
        elif taken < self._from:  # a frame that was read ahead came back
            self._known.clear()
            self._walk, self._from = None, taken
        length, rows = self.shared.room.missing(self.name, need)
        if spills:  # either part may take it: one frame less, and it is looked again
            length, rows = 1, 0
        while self._known and (length > 0 or rows > 0):
            frame = self._known.popleft()
            self._from = frame.end
            if frame.first < self.live.taken < frame.end:  # a cursor of before a restart is in it
                self.live.taken = taken = frame.end
            elif frame.first >= taken and not covers(self.live.gaps, frame.first, frame.end):
                length, rows = length - frame.bytes, rows - frame.rows
                yield frame

    def _drop(self, gone: list[_Frame]) -> None:
        """Have nobody read the frames any more, and give their room back; the lock is held."""
        live = self.live
        start, end = after(live.gaps, live.taken), gone[-1].end
        rows = sum(f.rows for f in gone)
        length = sum(f.bytes for f in gone if not f.kept)
        kept = sum(f.bytes for f in gone if f.kept)
        kept_rows = sum(f.rows for f in gone if f.kept)
        ahead = tuple(gap for gap in live.gaps if gap[1] > live.state.low)
        live.gaps = union(ahead, [(start, end)])
        if isinstance(live.memory, Held):
            live.memory.drop(start, end)
        drop = DropEntry(live.state.number, start, end, rows, length)
        passed = Passed(rows - kept_rows, kept_rows, kept)
        self.shared.writer.enqueue(DropOp(drop=drop, passed=passed))
        self.shared.room.give(self.name, length, rows, kept)


_AHEAD = 256
"""How many frames on disk are looked up at once."""
