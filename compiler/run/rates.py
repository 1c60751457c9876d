"""Events a second into and out of each channel, from what agents say about once a second."""

from collections.abc import Mapping

from flumec.compiler.run.member import Seen

SPAN = 2.0
"""Seconds that a rate is the mean of, at least."""


class Rates:
    """Remembers each channel's counts for as long as a rate needs."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], list[tuple[float, int, int]]] = {}

    def take(self, fleet: Mapping[str, Seen]) -> None:
        """Take in the counts that are new; a restart begins anew."""
        for name, seen in fleet.items():
            if seen.state is None:
                self._points = {k: v for k, v in self._points.items() if k[0] != name}
                continue
            for channel, each in seen.channels.items():
                points = self._points.setdefault((name, channel), [])
                if not points or points[-1][0] < seen.state["time"]:
                    points.append((seen.state["time"], each["put"], each["delivered"]))
                while len(points) > 2 and points[-1][0] - points[1][0] >= SPAN:
                    points.pop(0)

    def of(self, agent: str, channel: str) -> tuple[float, float]:
        """Return events a second in and out; 0 until there are two readings."""
        points = self._points.get((agent, channel), [])
        if len(points) < 2:
            return 0.0, 0.0
        (before, put, delivered), (now, put_now, delivered_now) = points[0], points[-1]
        seconds = now - before
        return (put_now - put) / seconds, (delivered_now - delivered) / seconds
