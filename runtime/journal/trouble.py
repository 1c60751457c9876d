"""What a consumer died of, and which rows it is rid of: the records, and how they are stored."""

from dataclasses import dataclass

from flumec.runtime.journal.codec import Decoder, Encoder
from flumec.runtime.journal.entries import Kind, put_ranges, record, take_ranges
from flumec.runtime.journal.ops import RECORD_BOUND, Batch, Op
from flumec.runtime.journal.ranges import overlaps
from flumec.runtime.journal.records import Aside, Attempt, Ranges, Stored, Trouble
from flumec.runtime.journal.state import ConsumerState, State

LONGEST_ERROR = 500
"""Characters of an error that are kept."""


@dataclass(slots=True)
class TroubleOp(Op):
    """A consumer's trouble as it is now, or that it has none any more."""

    consumer: int
    trouble: Trouble

    @property
    def plain(self) -> bool:
        """It has a new one."""
        return False

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group."""
        attempt = self.trouble.attempt
        texts = 0 if attempt is None else LONGEST_ERROR + len(attempt.by)
        return RECORD_BOUND + 4 * texts

    def judge(self, batch: Batch) -> Stored:
        """Store it; of a memory channel's consumer nothing outlives the process."""
        consumer = batch.state.consumers[self.consumer]
        consumer.trouble = self.trouble
        if batch.state.channels[consumer.channel].durable:
            batch.group.add(record(Kind.ATTEMPT, trouble_bytes(self.consumer, self.trouble)))
        return Stored(batch.state.next_row, 0)


def trouble_bytes(consumer: int, trouble: Trouble) -> bytes:
    """Return the payload of an ATTEMPT record."""
    out = Encoder()
    out.u16(consumer)
    out.u64(trouble.failing_since)
    out.u64(trouble.tries)
    attempt = trouble.attempt
    out.u8(attempt is not None)
    if attempt is not None:
        for number in (attempt.row, attempt.end, attempt.count):
            out.u64(number)
        out.u8(attempt.in_hand)
        out.text(attempt.error[:LONGEST_ERROR])
        out.text(attempt.by)
    return bytes(out.data)


def take_trouble(data: Decoder) -> tuple[int, Trouble]:
    """Read what `trouble_bytes` made."""
    consumer, since, tries = data.u16(), data.u64(), data.u64()
    if not data.u8():
        return consumer, Trouble(None, since, tries)
    row, end, deaths = (data.u64() for _ in range(3))
    attempt = Attempt(row, end, deaths, bool(data.u8()), data.text(), data.text())
    return consumer, Trouble(attempt, since, tries)


def reader(state: State, name: str) -> ConsumerState | None:
    """Return the consumer of a name that reads a channel of this opening."""
    found = (c for c in state.consumers.values() if c.name == name and not c.former)
    return next((k for k in found if state.channels[k.channel].declared), None)


def read_by(state: State, aside: Aside) -> int:
    """Return the number of the channel that a consumer reads."""
    consumer = reader(state, aside.consumer)
    assert consumer is not None
    return consumer.channel


def refusal(state: State, aside: Aside) -> str | None:
    """Say why rows may not be set aside; None if they may."""
    consumer = reader(state, aside.consumer)
    if consumer is None:
        return f"no consumer `{aside.consumer}` was declared"
    if any(first < consumer.cursor.low for first, _ in aside.ranges):
        return f"rows below {consumer.cursor.low} are done"
    for intent in consumer.intents.values():
        intended = [(output.first, output.end) for output in intent.outputs]
        if overlaps(aside.ranges, intended):
            return f"intent {intent.number} is open: some of the rows may be published"
    if overlaps(consumer.aside, aside.ranges):
        return f"some of the rows {aside.ranges} are set aside already"
    return None


def set_aside(state: State, aside: Aside) -> bytes | None:
    """Count rows as done with; return the record, None where the channel is in memory."""
    consumer = reader(state, aside.consumer)
    assert consumer is not None
    dropped = aside.reason == "dropped"
    state.set_aside(consumer.number, aside.ranges, dropped=dropped)
    if not state.channels[consumer.channel].durable:
        return None
    return record(Kind.ASIDE, aside_bytes(consumer.number, aside.ranges, dropped=dropped))


def aside_bytes(consumer: int, ranges: Ranges, *, dropped: bool) -> bytes:
    """Return the payload of an ASIDE record."""
    out = Encoder()
    out.u16(consumer)
    out.u8(dropped)
    put_ranges(out, ranges)
    return bytes(out.data)


def take_aside(data: Decoder) -> tuple[int, Ranges, bool]:
    """Read what `aside_bytes` made: the consumer, its rows, whether they were dropped."""
    consumer, dropped = data.u16(), bool(data.u8())
    return consumer, take_ranges(data), dropped
