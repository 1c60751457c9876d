"""What a channel that spills has in memory and what on disk, and what a start makes of that.

Its rows have the numbers of one counter, wherever they lie, and its consumer has one cursor. What
was in memory when a process was killed is gone, and is counted as dropped once it is sure that no
consumer had delivered it ahead of its cursor's low: at the start, or where files or an intent are
open, as these are settled. Until then it counts as held, so the balance holds at every moment.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from flumec.runtime.journal.codec import Decoder, Encoder
from flumec.runtime.journal.entries import Kind, record

if TYPE_CHECKING:
    from flumec.runtime.journal.state import ChannelState, ConsumerState, State


class Late(NamedTuple):
    """A group into which an orderly end wrote what was in memory: all its rows are below `end`.

    They are older than rows that were stored before, so a reader looks at them apart.
    """

    segment: int
    offset: int
    end: int


class Passed(NamedTuple):
    """What a cursor's low went over: rows on disk, rows in memory, and frames' bytes in memory."""

    stored: int = 0
    kept: int = 0
    kept_bytes: int = 0


NOTHING = Passed()


@dataclass(slots=True)
class Spill:
    """Where a channel's rows are; those at or above its low count, but none that was dropped."""

    stored: int = 0
    """Rows on disk."""
    kept: int = 0
    """Rows that are in memory and nowhere else."""
    kept_bytes: int = 0
    """Bytes of the frames in memory that reach above the low."""
    doubt: int = 0
    """Rows that were in memory when a process ended: delivered ahead of the low, or lost."""
    late: tuple[Late, ...] = ()
    noted: tuple[int, ...] = field(default=(), compare=False)
    """The totals that the log has."""

    def put(self, rows: int, length: int, *, stored: bool) -> None:
        """Count a frame."""
        if stored:
            self.stored += rows
        else:
            self.kept += rows
            self.kept_bytes += length

    def leave(self, passed: Passed) -> None:
        """Take out what the low went over, or what was dropped."""
        self.stored = max(0, self.stored - passed.stored)
        self.kept -= passed.kept
        self.kept_bytes -= passed.kept_bytes

    def clear(self, stored: int = 0) -> None:
        """Nothing is held any more but so many rows on disk."""
        self.stored = stored
        self.kept = self.kept_bytes = self.doubt = 0
        self.late = self.late if stored else ()


def forget_memory(channel: "ChannelState", consumer: "ConsumerState | None") -> int:
    """Count what was in memory when a process ended as lost, as far as that is sure."""
    spill = channel.spill
    assert spill is not None
    spill.doubt += spill.kept
    spill.kept = spill.kept_bytes = 0
    return settle(channel, consumer)


def settle(channel: "ChannelState", consumer: "ConsumerState | None") -> int:
    """Count as dropped what was surely lost with an earlier process; return how many rows.

    What is held is what lies on disk and in memory, less what of it is done ahead of the low, and
    what is lost. So what is held beyond these is lost, however much is done ahead.
    """
    spill = channel.spill
    if spill is None or not spill.doubt:
        return 0
    intended = 0
    if consumer is not None:
        outputs = (o for intent in consumer.intents.values() for o in intent.outputs)
        intended = sum(output.rows for output in outputs)
    lost = channel.held - spill.stored - spill.kept - intended
    lost = min(spill.doubt, max(0, lost))
    channel.dropped += lost
    spill.doubt -= lost
    if consumer is None or not (consumer.cursor.ahead or consumer.intents or consumer.aside):
        spill.doubt = 0
    return lost


def totals(channel: "ChannelState") -> tuple[int, ...]:
    """Return everything about a channel that its rows in memory change."""
    spill = channel.spill
    assert spill is not None
    return (
        channel.put, channel.delivered, channel.dropped, channel.dead_lettered, channel.held_bytes,
        spill.stored, spill.kept, spill.kept_bytes, spill.doubt,
    )  # fmt: skip


_TOTALS = 9


def note(state: "State") -> list[bytes]:
    """Return a record for each channel whose totals are not those that the log has.

    With every group that is written anyway: what goes through memory alone costs no group. So the
    counts in the log are those of one moment, and balance.
    """
    return [
        spill_record(channel)
        for channel in state.channels.values()
        if channel.spill is not None and channel.spill.noted != totals(channel)
    ]


def spill_record(channel: "ChannelState", late: Late | None = None) -> bytes:
    """Return the record of a channel's totals; `late` is the group that it stands in."""
    spill = channel.spill
    assert spill is not None
    spill.noted = totals(channel)
    out = Encoder()
    out.u16(channel.number)
    for number in spill.noted:
        out.u64(number)
    out.u8(late is not None)
    for number in late or ():
        out.u64(number)
    return record(Kind.SPILL, out.data)


def replay_spill(state: "State", data: Decoder) -> None:
    """Do again what a SPILL record says."""
    channel = state.channels[data.u16()]
    spill = channel.spill = channel.spill or Spill()
    numbers = [data.u64() for _ in range(_TOTALS)]
    channel.put, channel.delivered, channel.dropped, channel.dead_lettered = numbers[:4]
    channel.held_bytes = numbers[4]
    spill.stored, spill.kept, spill.kept_bytes, spill.doubt = numbers[5:]
    spill.noted = tuple(numbers)
    if data.u8():
        spill.late += (Late(data.u64(), data.u64(), data.u64()),)


def spill_bytes(channel: "ChannelState") -> bytes:
    """Return the payload of a snapshot's section; the counts stand in the channel's own."""
    spill = channel.spill
    assert spill is not None
    out = Encoder()
    out.u16(channel.number)
    for number in (spill.stored, spill.kept, spill.kept_bytes, spill.doubt, len(spill.late)):
        out.u64(number)
    for late in spill.late:
        for number in late:
            out.u64(number)
    return bytes(out.data)


def take_spill(data: Decoder, state: "State") -> None:
    """Read what `spill_bytes` made."""
    channel = state.channels[data.u16()]
    stored, kept, kept_bytes, doubt, count = (data.u64() for _ in range(5))
    late = tuple(Late(data.u64(), data.u64(), data.u64()) for _ in range(count))
    channel.spill = Spill(stored, kept, kept_bytes, doubt, late)
