"""What an agent shows: families with the documented names, sums that balance, Flume's own shape."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from flumec.runtime import flume_json
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal.records import ChannelStats
from flumec.runtime.metrics import PartReading, Prometheus, Reading, Tally
from flumec.runtime.metrics_port import address_for
from flumec.runtime.report import Report, state, status
from flumec.runtime.timed_disk import BOUNDS, SyncReading, TimedDisk
from prometheus_client import CollectorRegistry, generate_latest

PAGE = Path(__file__).parent.parent / "docs" / "agent.md"
NOW = 1_000_000_000_000


def reading(now: int = NOW, delivered: int = 70, failing: str = "") -> Reading:
    parts = (
        PartReading("access", "source", True, "", {"events_received": 100}, {}),
        PartReading("from_web", "receiver", False, "", {}, {"connections_open": 3.0}),
        PartReading("out", "sink", False, failing, {"events_read": 80}, {"open_files": 2.0}),
    )
    held = 100 - delivered - 5 - 7
    stats = ChannelStats(100, delivered, 5, 7, held, 250, 1_000, NOW - 2_500_000_000)
    return Reading(
        "tailer", "web-1", "1.0", "abc", now, NOW - 10**9, True, False, {"spool": stats}, parts,
        SyncReading((2, 0, 1, *[0] * 10, 4), 60.5), {"spool": ("spool", "default")},
    )  # fmt: skip


def spilling() -> Reading:
    """Return a reading of a channel that has some of what it holds in memory."""
    now = reading()
    stats = replace(now.channels["spool"], in_memory=8, memory_bytes=120, memory_size=300)
    return replace(now, channels={"spool": stats})


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def exposed(of: Reading) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(Prometheus(lambda: of))
    return samples(generate_latest(registry).decode())


def test_every_metric_of_the_page_is_there_and_every_one_that_is_there_is_on_it() -> None:
    page = set(re.findall(r"^\| `(flumec_\w+)`", PAGE.read_text(), re.MULTILINE))
    names = {name.partition("{")[0] for name in exposed(spilling())}
    own = {name for name in names if re.match("flumec_(source|receiver|sink)_", name)}
    assert names - own == page
    assert own == {
        "flumec_source_events_received_total",
        "flumec_receiver_connections_open",
        "flumec_sink_events_read_total",
        "flumec_sink_open_files",
    }


def test_a_channels_sums_balance() -> None:
    values = exposed(reading())
    parts = ("delivered_events_total", "dropped_events_total", "dead_lettered_events_total")
    went = sum(
        values[f'flumec_channel_{part}{{channel="spool",journal="default"}}'] for part in parts
    )
    held = values['flumec_channel_held_events{channel="spool",journal="default"}']
    assert (
        values['flumec_channel_put_events_total{channel="spool",journal="default"}']
        == went + held
        == 100
    )


def test_a_channel_that_spills_says_what_of_it_is_in_memory() -> None:
    labels = '{channel="spool",journal="default"}'
    values = exposed(spilling())
    assert values[f"flumec_channel_memory_events{labels}"] == 8
    assert values[f"flumec_channel_memory_bytes{labels}"] == 120
    told = state(spilling(), 4.0, {})["channels"]["spool"]
    assert (told["in_memory"], told["memory_bytes"], told["memory_size"]) == (8, 120, 300)
    assert not [name for name in exposed(reading()) if "_memory_" in name]


def test_a_channel_that_moved_is_told_by_its_journals_and_memory_has_none() -> None:
    now = reading()
    stats = now.channels["spool"]
    both = {"spool": stats, "spool (default)": stats, "brief": stats}
    places = {"spool": ("spool", "fast"), "spool (default)": ("spool", "default")}
    moved = replace(now, channels=both, places=places | {"brief": ("brief", "")})
    held = [name for name in exposed(moved) if name.startswith("flumec_channel_held_events{")]
    assert [name.partition("{")[2] for name in held] == [
        'channel="spool",journal="fast"}',
        'channel="spool",journal="default"}',
        'channel="brief",journal=""}',
    ]
    shown = json.loads(flume_json.render(moved, {"out": "spool"}))
    assert {"CHANNEL.spool", "CHANNEL.spool (default)", "CHANNEL.brief"} <= shown.keys()


def test_syncs_are_a_histogram() -> None:
    values = exposed(reading())
    found = {name: values[f'flumec_journal_sync_seconds_bucket{{le="{name}"}}']
             for name in ("0.0005", "0.001", "0.0025", "10.0", "+Inf")}  # fmt: skip
    assert found == {"0.0005": 2, "0.001": 2, "0.0025": 3, "10.0": 3, "+Inf": 7}
    assert values["flumec_journal_sync_seconds_count"] == 7
    assert values["flumec_journal_sync_seconds_sum"] == 60.5


def test_each_sync_of_a_file_is_timed(tmp_path: Path) -> None:
    ticks = iter([0.0, 0.0004, 1.0, 1.3, 2.0, 14.0])
    disk = TimedDisk(RealDisk(), lambda: next(ticks))
    file = disk.open(tmp_path / "x", "create")
    file.write([b"abc"], 0)
    for _ in range(3):
        file.sync()
    assert file.read(9, 0) == b"abc"
    file.close()
    found = dict(zip((*BOUNDS, "more"), disk.syncs.counts, strict=True))
    assert {bound: count for bound, count in found.items() if count} == {
        0.0005: 1,
        0.5: 1,
        "more": 1,
    }
    assert disk.syncs.seconds == pytest.approx(12.3004)


def test_a_sync_under_way_is_seen_before_it_returns(tmp_path: Path) -> None:
    now = [0.0]
    disk = TimedDisk(RealDisk(), lambda: now[0])
    seen = []

    def sync(seconds: float) -> None:
        now[0] += seconds
        seen.append(disk.syncs.under_way)

    disk._time(lambda: sync(7.0))
    assert (seen, disk.syncs.under_way) == ([7.0], 0.0)
    shown = replace(reading(), syncs=replace(disk.syncs, under_way=7.0))
    assert "the journal's disk is slow: a sync has taken 7s so far" in status(shown, {})
    with pytest.raises(OSError, match="it fails"):
        disk._time(lambda: (_ for _ in ()).throw(OSError("it fails")))
    assert disk.syncs.under_way == 0.0


def test_lag_is_the_age_of_the_oldest_event_and_none_when_nothing_is_held() -> None:
    assert reading().lag("spool") == 2.5
    assert reading(delivered=88).lag("spool") == 0.0
    assert reading(now=NOW - 10**10).lag("spool") == 0.0  # a clock that was set back


def test_counters_of_several_components_are_one_family() -> None:
    tally = Tally()
    tally.add("events_received", 2)
    tally.add("events_received")
    tally.set("open-files", 4)
    assert (tally.counts, tally.gauges) == ({"events_received": 3}, {"open-files": 4})
    parts = tuple(
        PartReading(name, "source", False, "", tally.counts, tally.gauges) for name in ("a", "b")
    )
    before = reading()
    values = exposed(Reading("t", "h", "1", "", NOW, NOW, True, False, before.channels, parts))
    for name in ("a", "b"):
        assert values[f'flumec_source_events_received_total{{component="{name}"}}'] == 3
        assert values[f'flumec_source_open_files{{component="{name}"}}'] == 4


def test_flumes_json_has_flumes_names_and_texts() -> None:
    shown = json.loads(flume_json.render(reading(), {"out": "spool"}))
    assert shown["SOURCE.access"] == {
        "EventReceivedCount": "100", "Type": "SOURCE", "StartTime": "999000", "StopTime": "0",
    }  # fmt: skip
    assert shown["SOURCE.from_web"]["OpenConnectionCount"] == "3"
    assert shown["SINK.out"]["EventDrainAttemptCount"] == "80"
    assert shown["SINK.out"]["EventDrainSuccessCount"] == "70"
    assert shown["CHANNEL.spool"]["ChannelFillPercentage"] == "25.0"
    assert shown["CHANNEL.spool"]["EventTakeSuccessCount"] == "82"
    assert "ChannelCapacity" not in shown["CHANNEL.spool"]


def test_status_is_one_line_with_rates_since_the_reading_before() -> None:
    report = Report()
    report.variables(reading(delivered=50), 1.0)
    line, text = report.variables(reading(now=NOW + 2 * 10**9, delivered=70), 3.0)
    assert line == "spool 10/s, 18 held, 4.5s behind"
    assert json.loads(text)["time"] == 3.0


def test_rates_go_on_when_the_clock_is_set_back() -> None:
    report = Report()
    report.variables(reading(delivered=50), 1.0)
    line, _ = report.variables(reading(now=NOW - 3600 * 10**9, delivered=70), 3.0)
    assert line.startswith("spool 10/s")


def test_status_says_first_what_cannot_work() -> None:
    line = status(reading(failing="no route to host"), {})
    assert line.startswith("out cannot work: no route to host; spool 0/s")


def test_the_state_tells_everything_that_a_runner_needs() -> None:
    told = state(reading(failing="no"), 4.0, {"spool": (20.0, 10.0)})
    assert told["channels"]["spool"] == {
        "put": 100, "delivered": 70, "dropped": 5, "dead_lettered": 7, "held": 18,
        "held_bytes": 250, "size": 1_000, "lag": 2.5, "in": 20.0, "out": 10.0,
    }  # fmt: skip
    assert told["parts"]["out"] == {
        "kind": "sink", "idle": False, "verdicts": 0, "failing": "no", "resting": "",
        "pressed": 0.0, "counters": {"events_read": 80, "open_files": 2.0},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "listens"),
    [
        ("127.71.0.3", "127.71.0.3"),
        ("10.0.0.1", "127.0.0.1"),
        ("web-1.example.com", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_metrics_are_shown_on_loopback_alone(address: str, listens: str) -> None:
    assert address_for(address) == listens
