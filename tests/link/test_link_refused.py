"""Rows that the receiver refuses, without dead letters: the link stands, says so, and is cured."""

from typing import Any

import pytest
from flumec.runtime.component import Size
from flumec.runtime.groups.recalled import Recalled
from flumec.runtime.groups.returning import Returned, give_back
from flumec.runtime.journal import ConsumerSpec
from flumec.runtime.links import hindrance
from flumec.runtime.links.loss import Loss

from tests.link.test_link_feed import SPOOL, Fails, begin

Site = Any


@pytest.fixture(autouse=True)
def ask_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hindrance, "LONGEST", 0.3)


def refuse(site: Site, collector: Any, tailer: Any) -> None:
    """Have a receiver whose chain cannot take 13, and a sender that has met it."""
    begin(collector, [((Fails(),), SPOOL)])
    collector.start(site.receiver())
    for rows in ([0, 1], [12, 13, 14], [2, 3], [4]):
        tailer.put(rows)
    tailer.start(site.sender(collector.port))
    site.eventually(lambda: tailer.counters.gauges.get("rejected_events") == 3)


def test_a_link_that_stands_before_refused_rows_goes_on_once_they_are_taken(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    refuse(site, collector, tailer)
    site.eventually(lambda: tailer.counters.counts["connections_created"] > 3)
    (said,) = {why for why in tailer.failing if why}
    site.match("^the receiver rejects rows 2 to 5 of .*thirteen.*goes on by itself once", said)
    assert tailer.failing[-1] == said, "it works again, although the rows are not taken"
    assert tailer.counters.gauges["rejected_events"] == 3

    collector.stop()
    begin(collector, [((), SPOOL)])
    collector.start(site.receiver())
    assert sorted(collector.take(8)) == [0, 1, 2, 3, 4, 12, 13, 14]
    site.eventually(lambda: tailer.held == 0)
    assert tailer.failing[-1] == ""
    assert tailer.counters.gauges["rejected_events"] == 0


def test_what_is_asked_again_is_the_refused_frame_alone(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    refuse(site, collector, tailer)
    asked = tailer.counters.counts["connections_created"]
    sent = tailer.counters.counts["events_sent"]
    site.eventually(lambda: tailer.counters.counts["connections_created"] > asked + 4)
    tailer.stop()
    asked = tailer.counters.counts["connections_created"] - asked
    assert tailer.counters.counts["events_sent"] - sent <= 3 * (asked + 1)


def test_an_event_above_the_largest_frame_waits_for_a_receiver_that_takes_it(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver(largest_frame=Size("64KiB")))
    for body in (b"1", b"x" * 100_000, b"2"):
        tailer.put_bodies([body])
    tailer.start(site.sender(collector.port))
    site.eventually(lambda: tailer.counters.gauges.get("rejected_events") == 1)
    collector.stop()
    collector.start(site.receiver())

    bodies = [site.bodies(chunk) for chunk in collector.chunks(3)]
    assert bodies == [[b"1"], [b"x" * 100_000], [b"2"]]
    site.eventually(lambda: tailer.held == 0)


def member(site: Site) -> tuple[Any, Any]:
    tailer, collector = site.end("tailer"), site.end("collector")
    tailer.named = ConsumerSpec(
        "to_collector", "spool", "sender arrow core-1", sends=True, group="failover"
    )
    tailer.restart()
    refuse(site, collector, tailer)
    site.eventually(lambda: tailer.counters.counts["connections_created"] > 2)
    return tailer, collector


@pytest.mark.parametrize("resend", [False, True], ids=["wait", "resend"])
def test_other_peers_get_what_was_not_sent_and_nothing_of_what_was_refused_or_is_there(
    site: Site, resend: bool
) -> None:
    """Some were on their way behind the refused ones: the next Welcome says which came."""
    tailer, collector = member(site)
    tailer.stop()
    there = collector.held - 2
    found = give_back(tailer.consumer, resend=resend, shown=tailer.consumer.shown)
    assert found == Returned(given=3 - there, resent=0, waiting=0)
    lane = tailer.consumer.lane
    assert lane.number(2) == 2, "the refused rows went to another"
    assert lane.rows == 3 + there


def test_when_a_person_gives_the_peer_up_the_others_get_what_it_refused(site: Site) -> None:
    tailer, _ = member(site)
    Loss(tailer.disk, tailer.state, "to_collector").say("core-1")
    site.eventually(lambda: isinstance(tailer.died, Recalled))
    tailer.died = None
    found = give_back(tailer.consumer, resend=False, shown=tailer.consumer.shown)
    assert (found.given, found.waiting) == (6, 0)
