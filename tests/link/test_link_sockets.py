"""Two agents and a socket between them: every event once, in order, whatever happens."""

import statistics
import time
from typing import Any

import pytest
from flumec.runtime.component import Duration, Size
from flumec.runtime.links import Peer, sending
from flumec.runtime.links.greeting import OPEN

Site = Any

_SOON = 4.0
"""Seconds within which a sender stops that can do nothing more: less than an agent waits for it."""


def test_what_is_put_at_one_end_arrives_at_the_other(site: Site) -> None:
    tailer, collector = site.linked()

    for start in range(0, 1000, 100):
        tailer.put(range(start, start + 100))

    assert collector.take(1000) == list(range(1000))
    site.eventually(lambda: tailer.held == 0)


def test_a_tag_is_the_row_of_the_first_journal_and_stays(site: Site) -> None:
    tailer, collector = site.linked()
    tailer.put(range(3))
    tailer.put(range(3, 5))

    chunks = collector.chunks(2)

    runs = [(run.epoch, run.row, run.count) for chunk in chunks for run in chunk.tags]
    assert runs == [(tailer.journal.epoch, 0, 3), (tailer.journal.epoch, 3, 2)]


def test_the_time_of_birth_and_the_body_come_as_they_were(site: Site) -> None:
    tailer, collector = site.linked()
    tailer.put(range(10))

    (chunk,) = collector.chunks(1)

    assert chunk.body.to_pybytes() == site.events(range(10)).to_pybytes()
    assert abs(chunk.born - time.time_ns()) < 60e9


def test_a_receiver_that_starts_later_gets_everything(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    tailer.put(range(50))
    port = site.free_port()
    tailer.start(site.sender(port))
    site.eventually(lambda: tailer.failing)
    collector.port = port
    collector.start(site.receiver())

    assert collector.take(50) == list(range(50))
    assert tailer.failing[-1] == ""


@pytest.mark.slow
def test_restarts_of_either_end_lose_and_double_nothing(site: Site) -> None:
    tailer, collector = site.linked()
    for turn in range(6):
        for start in range(turn * 100, turn * 100 + 100, 10):
            tailer.put(range(start, start + 10))
        end, part = (
            (collector, site.receiver()) if turn % 2 else (tailer, site.sender(collector.port))
        )
        end.restart()
        end.start(part)

    assert collector.take(600) == list(range(600))
    site.eventually(lambda: tailer.held == 0)


def test_starts_without_a_row_are_not_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    tailer.put(range(3))
    for _ in range(4):
        tailer.restart()
    tailer.put(range(3, 5))
    told = []
    first = sending.SenderSession.hello

    def hello(session: Any, *arguments: Any) -> Any:
        told.append(first(session, *arguments))
        return told[-1]

    monkeypatch.setattr(sending.SenderSession, "hello", hello)
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))

    assert collector.take(5) == list(range(5))
    assert [(one.first, one.end) for one in told[0].epochs] == [(0, 3), (3, OPEN)]


def test_connections_cut_anywhere_lose_and_double_nothing(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver())
    proxy = site.proxy(collector.port, limits=[3, 700, 5_000, 20_000, 50_001])
    tailer.start(site.sender(proxy.port))

    for start in range(0, 20_000, 500):
        tailer.put(range(start, start + 500))

    assert collector.take(20_000) == list(range(20_000))
    assert proxy.cuts == 5
    site.eventually(lambda: tailer.held == 0)


@pytest.mark.slow
def test_an_old_connection_is_ended_when_a_newer_one_says_hello(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver())
    proxy = site.proxy(collector.port, limits=[])
    tailer.put(range(5))
    tailer.start(site.sender(proxy.port, time_out=Duration("600ms")))
    assert collector.take(5) == list(range(5))

    proxy.freeze()
    tailer.put(range(5, 10))
    site.eventually(lambda: tailer.counters.counts["connections_created"] >= 2)

    assert collector.take(5) == list(range(5, 10))
    assert collector.counters.gauges["connections_open"] == 1


@pytest.mark.slow
def test_a_full_receiver_stops_the_sender_and_is_not_taken_for_dead(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector", size="1MiB")
    collector.start(site.receiver(window=Size("64KiB"), time_out=Duration("600ms")))
    tailer.start(site.sender(collector.port, time_out=Duration("600ms")))
    total = 300_000
    for start in range(0, total, 10_000):
        tailer.put(range(start, start + 10_000))

    site.eventually(lambda: collector.journal.stats()["spool"].held_bytes > 800_000)
    held = collector.held
    time.sleep(1.5)  # more than two time-outs

    assert collector.held == held < total
    assert tailer.counters.counts["connections_created"] == 1
    assert collector.take(total) == list(range(total))
    assert tailer.counters.counts["connections_created"] == 1


def test_a_frame_that_is_larger_than_the_window_goes_alone(site: Site) -> None:
    tailer, collector = site.linked(window=Size("64KiB"))
    for start in (0, 50_000, 100_000):
        tailer.put(range(start, start + 50_000))

    assert collector.take(150_000) == list(range(150_000))


def test_a_frame_that_is_larger_than_the_receivers_largest_is_cut(site: Site) -> None:
    tailer, collector = site.linked(largest_frame=Size("64KiB"))
    tailer.put(range(50_000))

    chunks = collector.chunks(2)

    assert all(chunk.body.size <= 64 << 10 for chunk in chunks)
    first, second = chunks[:2]
    assert (first.tags[0].row, second.tags[0].row) == (0, first.rows)
    got = [value for chunk in chunks for value in site.values(chunk)]
    assert got + collector.take(50_000 - len(got)) == list(range(50_000))


def test_an_event_that_fits_into_no_frame_stops_the_link_and_says_so(site: Site) -> None:
    tailer, _ = site.linked(largest_frame=Size("64KiB"))
    tailer.put_bodies([b"x" * 70_000])

    site.eventually(lambda: any("largest_frame" in reason for reason in tailer.failing))
    assert tailer.held == 1


@pytest.mark.slow
def test_a_silent_receiver_is_left_after_the_time_out(site: Site) -> None:
    deaf = site.deaf()
    tailer = site.end("tailer")
    tailer.start(site.sender(deaf, time_out=Duration("400ms")))

    site.eventually(lambda: any("silent for" in reason for reason in tailer.failing))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"wire": "0" * 16}, "wire 0000000000000000, .* has 9f86d081884c7d65"),
        ({"link": "tailer.out => other.in"}, "comes with link `tailer.out => other.in`"),
    ],
)
def test_ends_from_different_files_refuse_each_other_with_both_names(
    site: Site, settings: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port, **settings))

    site.eventually(lambda: tailer.failing)

    (reason,) = set(tailer.failing)
    site.match(said, reason)
    site.match("agent `tailer` on tailer-1.example.com", reason)
    site.match("agent `collector` on collector-1.example.com", reason)
    assert collector.counters.counts["refused"] == 1


def test_a_refusal_is_asked_again_in_time_whatever_the_receiver_wishes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST_REFUSAL", 0.1)  # the receiver says 30 s
    tailer, collector = site.end("tailer"), site.end("collector")
    right, collector.links = collector.links, {}
    collector.start(site.receiver())
    tailer.put(range(3))
    tailer.start(site.sender(collector.port))
    site.eventually(lambda: tailer.failing)
    collector.links.update(right)

    assert collector.take(3) == [0, 1, 2]


def test_a_sender_that_waits_for_an_answer_stops_when_it_is_told(site: Site) -> None:
    tailer = site.end("tailer")
    tailer.start(site.sender(site.deaf(), connect_time_out=Duration("60s")))
    site.eventually(lambda: tailer.counters.counts["connections_created"])
    assert tailer.seconds_to_stop() < _SOON


@pytest.mark.slow
def test_a_sender_whose_connection_is_not_made_stops_when_it_is_told(site: Site) -> None:
    tailer = site.end("tailer")
    tailer.start(site.sender(site.crowded(), connect_time_out=Duration("60s")))
    site.eventually(lambda: tailer.passed > 1)
    assert tailer.seconds_to_stop() < _SOON
    assert tailer.counters.counts["connections_created"] == 0


@pytest.mark.slow
def test_a_sender_whose_receiver_stands_still_stops_when_it_is_told(site: Site) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver(time_out=Duration("60s")))
    proxy = site.proxy(collector.port, limits=[])
    tailer.put(range(5))
    tailer.start(site.sender(proxy.port, time_out=Duration("60s"), drain=Duration("100ms")))
    assert collector.take(5) == list(range(5))
    proxy.freeze()
    for _ in range(30):
        tailer.put_bodies([b"7" * 500_000])
    site.eventually(lambda: tailer.counters.counts["bytes_sent"] > 1_000_000)
    passed = tailer.passed
    site.eventually(lambda: tailer.passed > passed)
    assert tailer.counters.gauges["events_unacknowledged"] > 0
    assert tailer.seconds_to_stop() < _SOON

    tailer.start(site.sender(collector.port))
    assert sum(chunk.rows for chunk in collector.chunks(30)) == 30
    site.eventually(lambda: tailer.held == 0)
    assert collector.journal.stats()["spool"].put == 35


def test_a_sender_drains_before_it_stops(site: Site) -> None:
    tailer, collector = site.linked()
    tailer.put(range(10))
    site.eventually(lambda: tailer.counters.counts["events_sent"] == 10)
    tailer.stop()

    assert tailer.held == 0
    assert tailer.counters.gauges["events_unacknowledged"] == 0
    assert collector.take(10) == list(range(10))


def test_no_timer_holds_an_event_back(site: Site) -> None:
    tailer, collector = site.linked()
    stored, through = [], []
    for value in range(60):
        began = time.monotonic()
        tailer.put([value])
        stored.append(time.monotonic() - began)
        assert collector.some(5.0) == [value]
        through.append(time.monotonic() - began)

    # A second sync, one for the cursor, and threads that hand over: some times what a put costs.
    assert statistics.median(through) < 25 * statistics.median(stored)


def test_a_peer_prints_itself_as_a_person_would_write_it() -> None:
    assert str(Peer("a.example.com", "a.example.com", 4141)) == "a.example.com:4141"
    assert str(Peer("a", "::1", 4141)) == "a ([::1]:4141)"
