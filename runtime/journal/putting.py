"""A put on its way: what the putting thread made ready, and how the writer judges it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from flumec.runtime.checksum import crc32
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.codec import Encoder
from flumec.runtime.journal.entries import (
    FrameEntry,
    Kind,
    put_progress,
    put_ranges,
    record,
)
from flumec.runtime.journal.layout import body_bound
from flumec.runtime.journal.ops import NO_CHANNEL, RECORD_BOUND, Batch, Op, left_out
from flumec.runtime.journal.packing import sealed
from flumec.runtime.journal.ranges import count, overlaps
from flumec.runtime.journal.records import (
    Chunk,
    Frame,
    Outcome,
    Put,
    Received,
    Refused,
    Stored,
)
from flumec.runtime.journal.room import Want
from flumec.runtime.journal.state import State, Stream
from flumec.runtime.journal.trouble import read_by, refusal, set_aside


@frozen
class Packed:
    """What is stored of a body: `length` with what encryption adds, which comes in the writer."""

    body: memoryview
    form: int
    crc: int
    schema: int
    length: int


@dataclass(slots=True)
class PreparedFrame:
    """A frame as the putting thread made it ready: channels by number, checksums done."""

    frame: Frame
    packed: Packed
    durable: tuple[int, ...]
    volatile: tuple[int, ...]


@dataclass(slots=True)
class PutOp(Op):
    """A put whose room has been taken."""

    put: Put
    frames: list[PreparedFrame]
    sources: Mapping[str, int]
    room: dict[int, Want]
    left_out: dict[int, int]
    needs_disk: bool = True
    """Whether it cannot be stored on a full disk, not even without its optional channels there."""
    spilled: frozenset[int] = frozenset()
    """Of its channels on disk those that it might have gone to in memory."""
    wait: bool = False
    stopping: Callable[[], bool] | None = None

    def surplus(self) -> list[tuple[int, Want]]:
        """Correct the room for what was packed only after it had been taken; return the rest."""
        back = []
        for number in self.spilled:
            want = self.room[number]
            size = sum(each.packed.length for each in self.frames if number in each.durable)
            if size != want.bytes:
                back.append((number, Want(want.bytes - size)))
                self.room[number] = want._replace(bytes=size)
        return back

    @property
    def plain(self) -> bool:
        """A dead letter has a new one."""
        return self.put.aside is None

    @property
    def forces(self) -> bool:
        """A sender forgets what is acknowledged; dead letters and their cursor are one step."""
        return self.put.surely or self.put.received is not None or self.put.aside is not None

    @property
    def early(self) -> bool:
        """What a source puts."""
        return not self.forces

    @property
    def bound(self) -> int:
        """The most bytes that its records and bodies take in a group."""
        if not self.stores and not self.left_out:
            return 0
        total = RECORD_BOUND * (1 + len(self.left_out))
        for ready in self.frames:
            if not ready.durable:
                continue
            tags = ready.frame.tags or ()
            total += (
                body_bound(ready.packed.length)
                + RECORD_BOUND
                + 32 * len(tags)
                + 2 * len(ready.durable)
            )
        for step in self.put.progress:
            names = len(step.key) + len(step.start) + len(step.to) + len(step.identity)
            total += names + RECORD_BOUND
        if self.put.received is not None:
            received = self.put.received
            names = len(received.sender) + len(received.stream) + len(received.epoch)
            total += 16 * len(received.ranges) + names + RECORD_BOUND
        if self.put.aside is not None:
            total += 16 * len(self.put.aside.ranges) + RECORD_BOUND
        return total

    @property
    def stores(self) -> bool:
        """Whether rows or positions of it go to the disk."""
        put = self.put
        kept = put.progress or put.received or put.aside
        return bool(kept) or any(ready.durable for ready in self.frames)

    def leave_disk(self) -> list[tuple[int, Want]]:
        """Leave out its channels on disk, which are optional; return the room to give back."""
        numbers = {number for ready in self.frames for number in ready.durable}
        self.frames = [replace(ready, durable=()) for ready in self.frames if ready.volatile]
        self.left_out |= {number: self.room[number].rows for number in numbers}
        return [(number, self.room.pop(number)) for number in numbers]

    def give_up(self, batch_room: list[tuple[int, Want]]) -> None:
        """Give the room back."""
        batch_room += self.room.items()

    def judge(self, batch: Batch) -> Outcome:
        """Store the put, or refuse it because its precondition does not hold."""
        aside = self.put.aside
        reason = self._stale(batch.state) or self._known(batch.state)
        reason = reason or (refusal(batch.state, aside) if aside is not None else None)
        if reason is not None:
            self.give_up(batch.given_back)
            return Refused(reason)
        first, logged = batch.state.next_row, self.stores
        for ready in self.frames:
            if not logged:
                batch.unlogged.add(batch.state.next_row)
            self._number(ready, batch)
        for step in self.put.progress:
            batch.state.move(self.sources[step.source], step)
            out = Encoder()
            put_progress(out, self.sources[step.source], step)
            batch.group.add(record(Kind.PROGRESS, out.data))
        if self.put.received is not None:
            batch.state.receive(self.put.received)
            batch.group.add(_received(self.put.received))
        if aside is not None:
            if (done := set_aside(batch.state, aside)) is not None:
                batch.group.add(done)
            back = Want(rows=count(aside.ranges))
            batch.given_back.append((read_by(batch.state, aside), back))
        self._count(batch)
        return Stored(first, batch.state.next_row - first)

    def _stale(self, state: State) -> str | None:
        """Say why a position is not the stored one."""
        steps: dict[tuple[str, bytes], bytes] = {}
        for step in self.put.progress:
            key = (step.source, step.key)
            if key not in steps:
                known = state.progress.get(self.sources[step.source], {}).get(step.key)
                steps[key] = known.to if known is not None else b""
            if steps[key] != step.start:
                return (
                    f"{step.source} would go on from {step.start!r} in {step.key!r}, "
                    f"but {steps[key]!r} is stored"
                )
            steps[key] = b"" if step.done else step.to
        return None

    def _known(self, state: State) -> str | None:
        """Say why rows of a sender may not be stored."""
        received = self.put.received
        if received is None:
            return None
        stream = state.streams.get((received.sender, received.stream), Stream())
        if stream.session != received.session:
            return f"session {received.session} has ended, {stream.session} is the newest"
        settled, have = stream.have.get(received.epoch, (0, ()))
        if any(first < settled for first, _ in received.ranges):
            return f"rows below {settled} are settled and may be here already"
        if overlaps(have, received.ranges):
            return f"some of the rows {received.ranges} are here already"
        return None

    def _number(self, ready: PreparedFrame, batch: Batch) -> None:
        state, frame = batch.state, ready.frame
        born = batch.now_ns if frame.born is None else frame.born
        first = state.next_row
        state.next_row += frame.rows
        epoch, packed, crc = state.epochs[-1].epoch, ready.packed, frame.crc
        size = frame.body.size
        if ready.durable:
            body, stored_crc, form = packed.body, packed.crc, packed.form
            if batch.key is not None:
                body, form = memoryview(batch.key.seal(body, epoch, first)), sealed(form)
                stored_crc = crc32(body)
            elif not form:
                crc = stored_crc
            entry = FrameEntry(
                ready.durable, first, frame.rows, len(body), stored_crc, born, packed.schema,
                frame.tags, form=form, size=size if form else 0,
            )  # fmt: skip
            state.put_frame(entry, batch.segment)
            batch.group.add_frame(entry, body)
        if ready.volatile:
            entry = FrameEntry(ready.volatile, first, frame.rows, size, 0, born, 0, None)
            state.put_frame(entry, None)
        chunk = Chunk(first, frame.rows, 0, epoch, born, frame.tags, frame.body, crc)
        for number in ready.volatile:
            spills = state.channels[number].spill is not None
            batch.chunks.append((number, replace(chunk, kept=True) if spills else chunk))
        if ready.durable and packed.length != size:
            chunk = replace(chunk, stored=packed.length)
        batch.chunks += [(number, chunk) for number in ready.durable]

    def _count(self, batch: Batch) -> None:
        state = batch.state
        for number, rows in self.left_out.items():
            state.leave_out(number, rows)
            if state.channels[number].durable:
                batch.group.add(left_out(number, rows))
        if self.put.dropped:
            state.dropped += self.put.dropped
            if self.stores:
                batch.group.add(left_out(NO_CHANNEL, self.put.dropped))


def _received(received: Received) -> bytes:
    out = Encoder()
    out.binary(received.sender)
    out.binary(received.stream)
    out.u64(received.session)
    out.binary(received.epoch)
    out.u64(received.settled)
    put_ranges(out, received.ranges)
    return record(Kind.RECEIVED, out.data)
