"""What an agent tells its service manager: a line for people, and its state as JSON."""

import json
import os
from collections.abc import Mapping
from typing import Any

from flumec.runtime.metrics import Reading

_LEAST = 0.9
"""Seconds between two readings of which the rate is shown."""


class Report:
    """Turns readings into messages; rates are those since the reading before."""

    def __init__(self) -> None:
        self._before: tuple[float, Reading] | None = None
        self._rates: dict[str, float] = {}

    def variables(self, reading: Reading, monotonic: float) -> tuple[str, str]:
        """Return STATUS and the state's JSON."""
        if self._before is None:
            self._before = monotonic, reading
        seconds = monotonic - self._before[0]
        if seconds >= _LEAST:
            self._rates = _rates(self._before[1], reading, seconds)
            self._before = monotonic, reading
        return status(reading, self._rates), json.dumps(state(reading, monotonic))


def _rates(before: Reading, now: Reading, seconds: float) -> dict[str, float]:
    """Return events a second that left each channel."""
    return {
        name: (stats.delivered - before.channels[name].delivered) / seconds
        for name, stats in now.channels.items()
        if name in before.channels
    }


def status(reading: Reading, rates: Mapping[str, float]) -> str:
    """Return one line: what fails, then each channel's rate and lag."""
    if reading.stopping:
        beginning = ["stopping"]
    elif not reading.ready:
        beginning = ["starting"]
    else:
        beginning = [f"{name} cannot work: {why}" for name, why in reading.failing.items()]
    channels = [
        f"{name} {rates.get(name, 0.0):,.0f}/s, {stats.held:,} held, "
        f"{reading.lag(name):.1f}s behind"
        for name, stats in reading.channels.items()
    ]
    return "; ".join(beginning + channels)


def state(reading: Reading, monotonic: float) -> dict[str, Any]:
    """Return what X_FLUMEC_STATE carries; `time` is of the machine's monotonic clock."""
    return {
        "agent": reading.agent,
        "host": reading.host,
        "pid": os.getpid(),
        "time": monotonic,
        "ready": reading.ready,
        "stopping": reading.stopping,
        "channels": {
            name: {
                "put": stats.put,
                "delivered": stats.delivered,
                "dropped": stats.dropped,
                "dead_lettered": stats.dead_lettered,
                "held": stats.held,
                "held_bytes": stats.held_bytes,
                "size": stats.size,
                "lag": reading.lag(name),
            }
            for name, stats in reading.channels.items()
        },
        "parts": {
            part.name: {
                "kind": part.kind,
                "idle": part.idle,
                "failing": part.failing,
                "counters": {**part.gauges, **part.counts},
            }
            for part in reading.parts
        },
    }
