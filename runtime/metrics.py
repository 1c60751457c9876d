"""What an agent counts: components' counters, channels' balances, and their Prometheus form."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from flumec.runtime.frozen import frozen

if TYPE_CHECKING:
    from flumec.runtime.journal.records import ChannelStats
    from flumec.runtime.timed_disk import SyncReading
    from prometheus_client import Metric

_CHANNEL = ("channel", "journal")

_BALANCE = {
    "put": "Events stored since the channel was created.",
    "delivered": "Events that reached the channel's consumer's target.",
    "dropped": "Events for which there was no room, or that the consumer dropped.",
    "dead_lettered": "Events that went to a dead-letter channel.",
}


class Tally:
    """The counters and gauges of one component."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._gauges: dict[str, float] = {}

    def add(self, name: str, amount: int = 1) -> None:
        """Add to a counter; cheap enough for once a batch, not for once an event."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + amount

    def set(self, name: str, value: float) -> None:
        """Set a gauge."""
        with self._lock:
            self._gauges[name] = value

    @property
    def counts(self) -> dict[str, int]:
        """The counters as they are now."""
        with self._lock:
            return dict(self._counts)

    @property
    def gauges(self) -> dict[str, float]:
        """The gauges as they are now."""
        with self._lock:
            return dict(self._gauges)


@frozen
class PartReading:
    """One component at one moment; `failing` is the reason why it cannot work, "" while it can."""

    name: str
    kind: str
    idle: bool
    failing: str
    counts: Mapping[str, int]
    gauges: Mapping[str, float]
    resting: str = ""
    """That it is paused, and for how long still; "" while it is not."""
    pressed: float = 0.0
    """For how many seconds it has been waiting for room in a channel."""
    verdicts: int = 0
    """How often it has said whether it is idle."""


@frozen
class Reading:
    """An agent at one moment."""

    agent: str
    host: str
    version: str
    bundle: str
    now_ns: int
    started_ns: int
    ready: bool
    stopping: bool
    channels: "Mapping[str, ChannelStats]"
    parts: tuple[PartReading, ...]
    syncs: "SyncReading | None" = None
    """The journal's, since the start."""
    places: "Mapping[str, tuple[str, str]]" = field(default_factory=dict)
    """The channel of each name, and the journal that it lies in: "" for memory."""

    def labels(self, name: str) -> list[str]:
        """Return a channel's labels; one that moved has the same name in both journals."""
        return list(self.places.get(name, (name, "")))

    def lag(self, channel: str) -> float:
        """Return how many seconds ago the oldest event held was first put; 0 when none is."""
        stats = self.channels[channel]
        if not stats.held or stats.oldest_born is None:
            return 0.0
        return max(0.0, (self.now_ns - stats.oldest_born) / 1e9)

    @property
    def failing(self) -> dict[str, str]:
        """The components that cannot work for now, with their reasons."""
        return {part.name: part.failing for part in self.parts if part.failing}

    @property
    def resting(self) -> dict[str, str]:
        """The consumers that are paused, with how long still."""
        return {part.name: part.resting for part in self.parts if part.resting}


class Prometheus:
    """A collector for a prometheus-client registry that reads the agent when it is scraped.

    For each channel the sums balance: put = delivered + dropped + dead_lettered + held.
    """

    def __init__(self, read: Callable[[], Reading]) -> None:
        self._read = read

    def collect(self) -> "Iterator[Metric]":
        """Yield every family of one reading."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        reading = self._read()
        info = InfoMetricFamily("flumec_agent", "What runs here.")
        labels = ("agent", "host", "version", "bundle")
        info.add_metric([], {label: getattr(reading, label) for label in labels})
        yield info
        ready = GaugeMetricFamily(
            "flumec_agent_ready", "1 after recovery, 0 before and at the end."
        )
        ready.add_metric([], float(reading.ready and not reading.stopping))
        yield ready
        yield from _channels(reading)
        yield from _syncs(reading)
        yield from _health(reading)
        yield from _counters(reading.parts)


def _channels(reading: Reading) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    for count, sentence in _BALANCE.items():
        family = CounterMetricFamily(f"flumec_channel_{count}_events", sentence, labels=_CHANNEL)
        for name, stats in reading.channels.items():
            family.add_metric(reading.labels(name), getattr(stats, count))
        yield family
    gauges: dict[str, tuple[str, Callable[[str], float]]] = {
        "held_events": ("Lag: events held.", lambda name: reading.channels[name].held),
        "held_bytes": ("Lag: bytes held.", lambda name: reading.channels[name].held_bytes),
        "lag_seconds": ("Lag: the age of the oldest event held.", reading.lag),
        "size_bytes": ("Bytes that it may hold.", lambda name: reading.channels[name].size),
    }
    for gauge_of, (sentence, value) in gauges.items():
        gauge = GaugeMetricFamily(f"flumec_channel_{gauge_of}", sentence, labels=_CHANNEL)
        for name in reading.channels:
            gauge.add_metric(reading.labels(name), value(name))
        yield gauge
    yield from _spilling(reading)


def _spilling(reading: Reading) -> "Iterator[Metric]":
    """Yield how much channels that spill have in memory; nothing where there is none."""
    from prometheus_client.core import GaugeMetricFamily

    spilling = {name: stats for name, stats in reading.channels.items() if stats.memory_size}
    for what, sentence in (
        ("in_memory", "Of the events held by a channel that spills, those in memory."),
        ("memory_bytes", "Of the bytes held by a channel that spills, those in memory."),
    ):
        name = what if what == "memory_bytes" else "memory_events"
        gauge = GaugeMetricFamily(f"flumec_channel_{name}", sentence, labels=_CHANNEL)
        for channel, stats in spilling.items():
            gauge.add_metric(reading.labels(channel), getattr(stats, what))
        if spilling:
            yield gauge


def _syncs(reading: Reading) -> "Iterator[Metric]":
    from prometheus_client.core import HistogramMetricFamily

    if reading.syncs is not None:
        yield HistogramMetricFamily(
            "flumec_journal_sync_seconds",
            "How long the journal's syncs took; all puts that wait share one.",
            buckets=reading.syncs.buckets,
            sum_value=reading.syncs.seconds,
        )


def _health(reading: Reading) -> "Iterator[Metric]":
    from prometheus_client.core import GaugeMetricFamily

    failing = GaugeMetricFamily(
        "flumec_component_failing", "1 while it cannot work.", labels=["component", "kind"]
    )
    idle = GaugeMetricFamily(
        "flumec_component_idle", "1 while it has nothing to do.", labels=["component", "kind"]
    )
    paused = GaugeMetricFamily(
        "flumec_component_paused", "1 while it is paused.", labels=["component", "kind"]
    )
    pressed = GaugeMetricFamily(
        "flumec_component_pressed_seconds",
        "For how long it has been waiting for room in a channel.",
        labels=["component", "kind"],
    )
    for part in reading.parts:
        labels = [part.name, part.kind]
        failing.add_metric(labels, float(bool(part.failing)))
        idle.add_metric(labels, float(part.idle))
        if part.kind in ("sink", "sender"):
            paused.add_metric(labels, float(bool(part.resting)))
        if part.kind == "source":
            pressed.add_metric(labels, part.pressed)
    yield from (failing, idle, paused, pressed)


def _counters(parts: Iterable[PartReading]) -> "Iterator[Metric]":
    """Yield what components count, each as `flumec_<kind>_<name>` with its component as a label."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    for part in parts:
        for values, family in (
            (part.counts, CounterMetricFamily),
            (part.gauges, GaugeMetricFamily),
        ):
            for counter, value in values.items():
                name = re.sub(r"[^a-zA-Z0-9_]", "_", f"flumec_{part.kind}_{counter}")
                sentence = counter.replace("_", " ").capitalize() + "."
                metric = families.setdefault(name, family(name, sentence, labels=["component"]))
                metric.add_metric([part.name], value)
    yield from families.values()
