"""A group that becomes one sink: when that one reads by itself again, and what it knows then."""

from typing import cast

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.groups.surroundings import release_former
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.lanes import GroupState, Lane, Lease
from flumec.runtime.journal.member import Member
from flumec.runtime.journal.membership import enter_group
from flumec.runtime.journal.records import Cursor
from flumec.runtime.journal.state import ChannelState, ConsumerState, State

from tests.groups.test_groups_model import STATE, TOTAL, Group, Sink, World
from tests.writers import end

ONE = [ConsumerSpec("one", "spool", "sink x")]
TWO = [ConsumerSpec("two", "spool", "sink x")]


def given_to_two(*, deliver: bool) -> World:
    """Return a world in which `one` intended in vain, and gave all that it had to `two`; killed."""
    world = World()
    group = Group(world, resend=True)
    group.fill()
    for action in ("take", "take", "vain", "fail"):
        group.do(action, 0)
    if deliver:
        for _ in range(TOTAL):
            group.do("take", 1)
            group.do("publish", 1)
    assert group.sinks[0].member.repeated
    end(group.journal)
    world.disk = world.disk.kill()
    return world


def alone(world: World, consumers: list[ConsumerSpec]) -> Journal:
    """Open the journal for one sink."""
    return Journal.open(
        STATE,
        disk=world.disk,
        clock=SystemClock(),
        identity=Identity("h", "a", "1", "b"),
        channels=[ChannelSpec("spool", 1 << 20, durable=True)],
        sources=[],
        consumers=consumers,
        segment_size=1 << 14,
    )


def test_who_is_left_throws_away_what_the_others_repeated() -> None:
    world = given_to_two(deliver=True)
    assert set(world.out) == set(range(TOTAL))
    for kind in ("Member", "Consumer"):  # it settles in a group of one, and is alone after that
        journal = alone(world, ONE)
        consumer = journal.consumer("one")
        assert type(consumer).__name__ == kind
        Sink(cast("Member", consumer), world).begin()
        assert not consumer.unread
        stats = journal.stats()["spool"]
        assert (stats.delivered, stats.held) == (TOTAL, 0)
        journal.close()
    assert max(world.out.values()) == 1


def test_a_removed_member_that_others_repeated_is_forgotten() -> None:
    world = given_to_two(deliver=False)
    for kind in ("Member", "Consumer"):
        journal = alone(world, TWO)
        if (sharing := journal.sharing("spool")) is not None:
            release_former(sharing, "spool", resend=True)
        consumer = journal.consumer("two")
        assert type(consumer).__name__ == kind
        sink = Sink(cast("Member", consumer), world)
        sink.begin()
        while consumer.unread:
            sink.take()
            while sink.open:
                sink.publish("publish")
        journal.close()
    assert sorted(world.out.elements()) == list(range(TOTAL))


def test_what_a_removed_member_has_in_doubt_waits_until_it_is_put_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    group = Group(world, resend=False)
    group.fill()
    for action in ("take", "take", "lost", "fail"):
        group.do(action, 0)
    end(group.journal)
    world.disk = world.disk.kill()
    others = [ConsumerSpec(name, "spool", f"sink {name}", group="balance") for name in ("y", "z")]
    for _ in range(2):  # it is said at each start
        journal = alone(world, others)
        sharing = journal.sharing("spool")
        assert sharing is not None
        caplog.clear()
        release_former(sharing, "spool", resend=False)
        assert "the removed member `one` of channel `spool` has 1 events in doubt" in caplog.text
        rows = 0
        while chunks := journal.consumer("y").read(0):
            rows += sum(chunk.rows for chunk in chunks)
        assert rows == TOTAL - 1
        journal.close()
    again = Group(world, resend=False)
    again.finish()
    assert sorted(world.out.elements()) == list(range(TOTAL))
    again.journal.close()


def test_numbers_that_the_channel_has_not_come_to_keep_a_group_of_one() -> None:
    """Of a lane with higher numbers a mark would say of rows to come that they are published."""
    mark = {"b": 60}
    one = ConsumerState(
        0, b"", "one", "sink x", 0, Cursor(45, mark), lane=Lane(60, [Lease(45, 45, 5)])
    )
    state = State(
        b"", 52, channels={0: ChannelState(0, b"", "spool", True, 45, 52, 1)},
        consumers={0: one}, groups={0: GroupState(52)},
    )  # fmt: skip
    enter_group(state, ONE, 0)
    assert state.groups
    state.groups[0].next = 60
    enter_group(state, ONE, 0)
    assert not state.groups
    assert (one.lane, one.cursor, one.aside) == (None, Cursor(45, mark), ((50, 60),))
