"""Who of a group may take rows: as its members' workers and custodies say."""

from collections.abc import Iterator
from math import inf

import pytest
from flumec.runtime.custody import Custody
from flumec.runtime.groups.group import Balance, Failover, SinkGroup
from flumec.runtime.groups.patience import PATIENCE
from flumec.runtime.groups.roster import Roster
from flumec.runtime.groups.standing import HUNG, Standing
from flumec.runtime.sinks import Null
from flumec.runtime.testing import ManualClock
from flumec.runtime.turn import Turn
from flumec.runtime.worker import Role, Worker

from tests.groups.test_groups_model import Group, World


class Pair:
    """Two members of a failover, without threads."""

    def __init__(self, group: Group, kind: type[SinkGroup] = Failover) -> None:
        self.clock, self.group = ManualClock(), group
        sinks = [Null(sink.member.name) for sink in group.sinks]
        sharing = group.journal.sharing("spool")
        assert sharing is not None
        self.roster = Roster(kind(*sinks), "spool", sharing)
        self.workers = [Worker(sink, Role.SINK, self.clock, lambda: None) for sink in sinks]
        for sink, worker in zip(group.sinks, self.workers, strict=True):
            custody = Custody(sink.member, None, "", Turn(), lambda _, __: True)
            self.roster.join(Standing(sink.member, worker, custody, self.clock))

    def after(self, seconds: float) -> list[str]:
        """Return who may take rows after some time in which all passed their loops."""
        self.clock.advance(seconds)
        for worker in self.workers:
            worker.alive()
        return [worker.name for worker in self.workers if self.roster.may_take(worker.name)]

    @property
    def shown(self) -> list[str]:
        """Who is active by the metrics."""
        return [w.name for w in self.workers if w.tally.gauges["group_active"]]


@pytest.fixture
def pair() -> Iterator[Pair]:
    group = Group(World(), resend=True)
    yield Pair(group)
    group.journal.close()


def test_a_member_that_works_again_without_a_word_is_able_again(pair: Pair) -> None:
    """As one does that was stopped before a row that is skipped; its patience is a new one."""
    one = pair.workers[0]
    assert (pair.after(0), pair.shown) == (["one"], ["one"])
    one.say_failing("stopped before row 7")
    assert pair.after(PATIENCE / 2) == ["one"]
    assert (pair.after(PATIENCE), pair.shown) == (["two"], ["two"])
    one.say_failing("")
    assert (pair.after(0), pair.shown) == (["one"], ["one"])
    one.say_failing("its disk is away")
    assert pair.after(PATIENCE / 2) == ["one"]


def test_who_asks_for_nothing_is_not_shown_as_active(pair: Pair) -> None:
    one, two = pair.workers
    assert pair.after(0) == ["one"]
    one.pause(None)
    assert pair.roster.may_take("two")
    assert pair.shown == ["two"]
    two.say_failing("its disk is away")
    pair.after(PATIENCE)
    assert pair.shown == []


def test_who_works_again_may_give_back_anew_what_it_kept(pair: Pair) -> None:
    one, _ = pair.workers
    group = pair.group
    group.fill()
    group.do("take", 0)
    assert group.sinks[0].member.lane.leases
    one.say_failing("its target is away")
    pair.after(PATIENCE)
    assert pair.roster.is_recalled("one")
    pair.roster.rest("one")
    assert not pair.roster.is_recalled("one"), "it has nothing that it did not give back"
    one.say_failing("")
    pair.roster.turned("one", works=True)
    assert not pair.roster.is_recalled("one")
    one.say_failing("its target is away")
    pair.after(PATIENCE)
    assert pair.roster.is_recalled("one")


def test_who_only_waits_for_rows_does_not_hang(pair: Pair) -> None:
    one = pair.group.sinks[0].member
    pair.after(0)
    one.asking = True
    pair.clock.advance(2 * HUNG)
    assert pair.roster.may_take("one")
    assert not pair.roster.may_take("two")
    one.asking = False
    assert pair.roster.may_take("two")


def test_who_may_not_take_rows_waits_no_longer_than_until_it_may(pair: Pair) -> None:
    one, two = pair.workers
    pair.after(0)
    for sink in pair.group.sinks:
        sink.member.asking = True
    assert pair.roster.patience("two") == inf
    one.say_failing("its target is away")
    pair.clock.advance(PATIENCE / 3)
    assert not pair.roster.may_take("two")
    pair.clock.advance(pair.roster.patience("two"))
    assert pair.roster.may_take("two")
    assert two.silent_for == PATIENCE


def test_who_is_not_able_does_not_look_all_the_time_whether_it_is_its_turn(pair: Pair) -> None:
    balanced = Pair(pair.group, Balance)
    one, _ = balanced.workers
    one.say_failing("its target is away")
    balanced.after(2 * PATIENCE)
    assert not balanced.roster.may_take("one")
    assert balanced.roster.patience("one") == HUNG
