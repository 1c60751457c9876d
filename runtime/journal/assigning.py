"""Who of a group's members has which rows: the operations, and how they are stored.

Rows are assigned with the next thing that their member has to store, in one order for all members:
an intent, a cursor, a mark on what is in hand. So whatever a member may publish is its own in the
log, and rows that nothing was done with are anybody's after a crash.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flumec.runtime.journal.codec import Decoder, Encoder
from flumec.runtime.journal.entries import Kind, put_ranges, record, take_ranges
from flumec.runtime.journal.lanes import GroupState, Lane, Lease
from flumec.runtime.journal.ops import RECORD_BOUND, Batch, Op
from flumec.runtime.journal.ranges import union
from flumec.runtime.journal.records import Ranges
from flumec.runtime.journal.room import Want
from flumec.runtime.journal.state import State

_GIVEN, _RETURNED = 0, 1
_LEASE = 24


@dataclass(slots=True)
class AssignOp(Op):
    """Rows that members of a group have got, in order: (consumer, lease)."""

    leases: list[tuple[int, Lease]]
    urgent: bool = False
    """Whether somebody waits for it: one publishes nothing by an intent."""

    @property
    def plain(self) -> bool:
        """It has a new one."""
        return False

    @property
    def forces(self) -> bool:
        """What follows it forces a sync, or may be forgotten together with it."""
        return self.urgent

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group."""
        return RECORD_BOUND + (_LEASE + 2) * len(self.leases)

    def judge(self, batch: Batch) -> None:
        """Store them."""
        state, out = batch.state, Encoder()
        out.u8(_GIVEN)
        out.u32(len(self.leases))
        for consumer, lease in self.leases:
            _lease(state, consumer, lease)
            out.u16(consumer)
            _put_lease(out, lease)
        if state.channels[state.consumers[self.leases[0][0]].channel].durable:
            batch.group.add(record(Kind.SHARED, out.data))


@dataclass(slots=True)
class ReturnOp(Op):
    """A member keeps some leases only; of its other rows those `given` are anybody's, or done.

    `repeated` are its open intents whose rows are among those given.
    """

    consumer: int
    kept: list[Lease]
    given: Ranges
    repeated: frozenset[int]
    freed: int = 0
    """The bytes of what is done by that."""

    @property
    def plain(self) -> bool:
        """It has a new one."""
        return False

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group."""
        many = len(self.kept) + len(self.given) + len(self.repeated)
        return RECORD_BOUND + _LEASE * many

    def judge(self, batch: Batch) -> None:
        """Store it."""
        state, out = batch.state, Encoder()
        channel = state.channels[state.consumers[self.consumer].channel]
        _return(state, self.consumer, list(self.kept), self.given, self.repeated, self.freed)
        batch.given_back.append((channel.number, Want(self.freed)))
        batch.lows.append((channel.number, channel.low))
        batch.gaps.append(channel.number)
        out.u8(_RETURNED)
        out.u16(self.consumer)
        _put_leases(out, self.kept)
        put_ranges(out, self.given)
        _put_numbers(out, self.repeated)
        out.u64(self.freed)
        if channel.durable:
            batch.group.add(record(Kind.SHARED, out.data))


def replay_shared(state: State, data: Decoder) -> None:
    """Do again what a SHARED record says."""
    if data.u8() == _GIVEN:
        for _ in range(data.u32()):
            _lease(state, data.u16(), _take_lease(data))
        return
    consumer, kept = data.u16(), _take_leases(data)
    given = take_ranges(data)
    repeated = _take_numbers(data)
    _return(state, consumer, kept, given, repeated, data.u64() if data.left else 0)


def group_bytes(state: State, channel: int) -> bytes:
    """Return what a snapshot has of a channel's group."""
    out, group = Encoder(), state.groups[channel]
    out.u16(channel)
    out.u64(group.next)
    put_ranges(out, group.pool)
    members = [(c, c.lane) for c in state.consumers.values() if c.channel == channel]
    out.u32(len(members))
    for member, lane in members:
        assert lane is not None
        out.u16(member.number)
        out.u64(lane.end)
        _put_leases(out, lane.leases)
        _put_numbers(out, member.repeated)
    out.u8(group.apart)
    return bytes(out.data)


def take_group(state: State, data: Decoder) -> None:
    """Read what `group_bytes` made."""
    channel = data.u16()
    state.groups[channel] = GroupState(data.u64(), take_ranges(data))
    for _ in range(data.u32()):
        member = state.consumers[data.u16()]
        end = data.u64()
        member.lane = Lane(end, _take_leases(data))
        member.repeated = _take_numbers(data)
    state.groups[channel].apart = bool(data.u8()) if data.left else False


def _lease(state: State, consumer: int, lease: Lease) -> None:
    member = state.consumers[consumer]
    assert member.lane is not None
    member.lane.take(lease)
    state.groups[member.channel].take(lease)


def _return(  # noqa: PLR0917 what the record says
    state: State, consumer: int, kept: list[Lease], given: Ranges, repeated: frozenset[int],
    freed: int,
) -> None:  # fmt: skip
    member = state.consumers[consumer]
    assert member.lane is not None
    member.lane = Lane(member.lane.end, kept)
    member.repeated = repeated
    group = state.groups[member.channel]
    group.pool = union(group.pool, given)
    channel = state.channels[member.channel]
    channel.held_bytes -= freed
    state.pass_shared(channel)


def _put_leases(out: Encoder, leases: list[Lease]) -> None:
    out.u32(len(leases))
    for lease in leases:
        _put_lease(out, lease)


def _take_leases(data: Decoder) -> list[Lease]:
    return [_take_lease(data) for _ in range(data.u32())]


def _put_lease(out: Encoder, lease: Lease) -> None:
    for number in lease:
        out.u64(number)


def _take_lease(data: Decoder) -> Lease:
    return Lease(data.u64(), data.u64(), data.u64())


def _put_numbers(out: Encoder, numbers: Iterable[int]) -> None:
    known = sorted(numbers)
    out.u32(len(known))
    for number in known:
        out.u64(number)


def _take_numbers(data: Decoder) -> frozenset[int]:
    return frozenset(data.u64() for _ in range(data.u32()))
