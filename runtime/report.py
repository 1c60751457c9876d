"""What an agent tells its service manager: a line for people, and its state as JSON."""

import json
import os
from collections.abc import Mapping
from typing import Any

from flumec.runtime.metrics import PartReading, Reading

SLOW = 5.0
"""Seconds from which on a sync of the journal is worth a word; sources wait for it."""

_LEAST = 0.9
"""Seconds between two readings of which the rate is shown."""


class Report:
    """Turns readings into messages; rates are those since the reading before."""

    def __init__(self) -> None:
        self._before: tuple[float, Reading] | None = None
        self.rates: dict[str, tuple[float, float]] = {}
        """Events a second into and out of each channel."""

    def take(self, reading: Reading, monotonic: float) -> None:
        """Take a reading in, for the rates."""
        if self._before is None:
            self._before = monotonic, reading
        seconds = monotonic - self._before[0]
        if seconds >= _LEAST:
            self.rates = _rates(self._before[1], reading, seconds)
            self._before = monotonic, reading

    def variables(self, reading: Reading, monotonic: float) -> tuple[str, str]:
        """Return STATUS and the state's JSON."""
        self.take(reading, monotonic)
        return status(reading, self.rates), json.dumps(state(reading, monotonic, self.rates))


def _rates(before: Reading, now: Reading, seconds: float) -> dict[str, tuple[float, float]]:
    """Return events a second into and out of each channel."""
    return {
        name: ((stats.put - old.put) / seconds, (stats.delivered - old.delivered) / seconds)
        for name, stats in now.channels.items()
        if (old := before.channels.get(name)) is not None
    }


def status(reading: Reading, rates: Mapping[str, tuple[float, float]]) -> str:
    """Return one line: what fails or rests, then each channel's rate and lag."""
    if reading.stopping:
        beginning = ["stopping"]
    elif not reading.ready:
        beginning = ["starting"]
    else:
        beginning = [f"{name} cannot work: {why}" for name, why in reading.failing.items()]
        beginning += [f"{name} is {how}" for name, how in reading.resting.items()]
    if reading.syncs is not None and reading.syncs.under_way >= SLOW:
        seconds = reading.syncs.under_way
        beginning.append(f"the journal's disk is slow: a sync has taken {seconds:.0f}s so far")
    channels = [
        f"{name} {rates.get(name, (0.0, 0.0))[1]:,.0f}/s, {stats.held:,} held, "
        f"{reading.lag(name):.1f}s behind"
        for name, stats in reading.channels.items()
    ]
    return "; ".join(beginning + channels)


def state(
    reading: Reading, monotonic: float, rates: Mapping[str, tuple[float, float]]
) -> dict[str, Any]:
    """Return what X_FLUMEC_STATE carries; `time` is of the machine's monotonic clock."""
    return {
        "agent": reading.agent,
        "host": reading.host,
        "version": reading.version,
        "bundle": reading.bundle,
        "pid": os.getpid(),
        "time": monotonic,
        "up": max(0.0, (reading.now_ns - reading.started_ns) / 1e9),
        "ready": reading.ready,
        "stopping": reading.stopping,
        "channels": {
            name: _channel(reading, name, rates.get(name, (0.0, 0.0))) for name in reading.channels
        },
        "parts": {part.name: _part(part) for part in reading.parts},
    }


def _channel(reading: Reading, name: str, rates: tuple[float, float]) -> dict[str, Any]:
    stats = reading.channels[name]
    spilling = {}
    if stats.memory_size:
        spilling = {
            "in_memory": stats.in_memory,
            "memory_bytes": stats.memory_bytes,
            "memory_size": stats.memory_size,
        }
    return {
        "put": stats.put,
        "delivered": stats.delivered,
        "dropped": stats.dropped,
        "dead_lettered": stats.dead_lettered,
        "held": stats.held,
        "held_bytes": stats.held_bytes,
        "size": stats.size,
        "lag": reading.lag(name),
        "in": rates[0],
        "out": rates[1],
        **spilling,
    }


def _part(part: PartReading) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "idle": part.idle,
        "verdicts": part.verdicts,
        "failing": part.failing,
        "resting": part.resting,
        "pressed": part.pressed,
        "counters": {**part.gauges, **part.counts},
    }
