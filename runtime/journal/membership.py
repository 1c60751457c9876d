"""Matching a channel's group with what the journal knows of it, and of the sink that was alone."""

import uuid
from collections.abc import Sequence
from itertools import count

from flumec.runtime.journal.lanes import GroupState, Lane, Lease
from flumec.runtime.journal.ranges import union, without
from flumec.runtime.journal.records import Cursor
from flumec.runtime.journal.specs import ConsumerSpec
from flumec.runtime.journal.state import ConsumerState, State


def enter_group(state: State, specs: Sequence[ConsumerSpec], channel: int) -> None:
    """Enter the members of a channel's group, or the one sink that is left of it.

    Each goes on as who it was, by name; or as one of its kind that is gone, as its successor. A
    member that is gone and has no successor stays known: it may have rows.
    """
    if channel not in state.groups:
        _begin(state, channel)
    known = [each for each in state.consumers.values() if each.channel == channel]
    for each in known:
        each.former = True
    for spec in specs:
        _claim(known, spec, by_name=True)
    for spec in specs:
        if not any(each.name == spec.name and not each.former for each in known):
            _claim(known, spec, by_name=False)
    taken = [each.name for each in known if not each.former]
    for each in known:
        if each.former and any(each.name == spec.name for spec in specs):
            each.name = f"{each.name} ({each.kind})"
    for spec in specs:
        if spec.name not in taken:
            _add(state, spec, channel)
    for each in known:
        if each.former and not _matters(each):
            del state.consumers[each.number]
    if len(specs) == 1 and not specs[0].group:
        _end(state, specs[0].name, channel)


def _claim(known: Sequence[ConsumerState], spec: ConsumerSpec, *, by_name: bool) -> None:
    """Have a spec go on as one of those that nobody goes on as."""
    for each in known:
        if each.former and each.kind == spec.kind and (each.name == spec.name or not by_name):
            each.former, each.name = False, spec.name
            return


def _matters(former: ConsumerState) -> bool:
    """Whether a member that is gone has rows, or may have published some that nobody repeats."""
    assert former.lane is not None
    return bool(former.lane.leases) or not former.intents.keys() <= former.repeated


def _begin(state: State, channel: int) -> None:
    """Have a group share what one sink read; who that was has what it may have done with."""
    alone = next((c for c in state.consumers.values() if c.channel == channel), None)
    if alone is None:
        state.groups[channel] = GroupState(state.channels[channel].low)
        return
    low, taken = alone.cursor.low, max(alone.cursor.low, alone.taken)
    alone.lane = Lane(low)
    if taken > low:
        alone.lane.take(Lease(low, low, taken - low))
    state.groups[channel] = GroupState(taken)


def _add(state: State, spec: ConsumerSpec, channel: int) -> None:
    number = next(n for n in count() if n not in state.consumers)
    start = state.groups[channel].next
    state.consumers[number] = ConsumerState(
        number, uuid.uuid4().bytes, spec.name, spec.kind, channel, Cursor(start), lane=Lane(start)
    )  # fmt: skip


def _end(state: State, name: str, channel: int) -> None:
    """Let the one sink that is left read by itself again, once the others have left nothing.

    Until then it is a group of one. So it is while it may have files hidden that others repeated,
    and while it knows of numbers that the channel has not come to.
    """
    known = [each for each in state.consumers.values() if each.channel == channel]
    alone = next(each for each in known if each.name == name)
    group, lane = state.groups[channel], alone.lane
    assert lane is not None
    if len(known) > 1 or group.pool or any(lease.lane != lease.row for lease in lane.leases):
        return
    if alone.repeated or alone.taken > max(group.next, alone.cursor.low):
        return
    low = lane.oldest if lane.oldest is not None else group.next
    mine = tuple((lease.row, lease.last) for lease in lane.leases)
    gaps = without(low, group.next, mine)
    alone.aside = union(alone.aside, gaps)
    ahead = {bucket: row for bucket, row in alone.cursor.ahead.items() if row > low}
    alone.cursor = Cursor(low, ahead, note=alone.cursor.note)
    alone.lane = None
    del state.groups[channel]
