"""Room in channels: taken for all of a put's channels at once, first come first served in each."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Condition

from flumec.runtime.clock import Clock

Need = Mapping[str, tuple[int, int]]
"""What a put wants of each channel: (bytes, rows)."""

_LOOK_UP_S = 0.25
"""How often a thread that waits for room looks whether it is to stop."""


@dataclass(slots=True)
class _Limit:
    """A channel's size and what of it is taken: the bytes of frames, and the rows not done."""

    size: int
    events: int | None
    bytes: int = 0
    rows: int = 0

    def takes(self, length: int, rows: int) -> bool:
        """Say whether it fits; what is larger than the whole channel fits into an empty one."""
        return self.bytes == 0 or self.missing(length, rows) == (0, 0)

    def missing(self, length: int, rows: int) -> tuple[int, int]:
        """Return how many bytes and rows must go before it fits: all of them if it is larger."""
        more_bytes = min(self.bytes, max(0, self.bytes + length - self.size))
        if self.events is None:
            return more_bytes, 0
        return more_bytes, min(self.rows, max(0, self.rows + rows - self.events))


@dataclass(slots=True, eq=False)
class _Ticket:
    required: Need
    granted: bool = False


class Room:
    """How much of each channel is taken. `changed` is built on the journal's lock."""

    def __init__(self, changed: Condition, clock: Clock) -> None:
        self._changed = changed
        self._clock = clock
        self._limits: dict[str, _Limit] = {}
        self._waiting: deque[_Ticket] = deque()

    def add(self, name: str, size: int, events: int | None, held: tuple[int, int]) -> None:
        """Open a channel that holds so many bytes and rows already."""
        self._limits[name] = _Limit(size, events, *held)

    def lacks(self, name: str, need: tuple[int, int]) -> bool:
        """Say whether a channel has no room for so many bytes and rows."""
        return not self._limits[name].takes(*need)

    def missing(self, name: str, need: tuple[int, int]) -> tuple[int, int]:
        """Return how many bytes and rows must go from a channel before it takes `need`."""
        return self._limits[name].missing(*need)

    def share(self, name: str) -> float:
        """Return how full a channel is, from 0."""
        limit = self._limits[name]
        of_rows = limit.rows / limit.events if limit.events else 0.0
        return max(limit.bytes / limit.size, of_rows)

    def take(
        self, required: Need, optional: Need, *, wait: bool, stopping: Callable[[], bool]
    ) -> str | frozenset[str]:
        """Take room in every required channel; return those taken, or the name of a full one.

        Optional channels are taken as well where they have room at that moment, and nobody waits
        for it. The caller holds the lock, and loses it while it waits.
        """
        if (full := self._full(required)) is not None:
            if not wait:
                return full
            ticket = _Ticket(required)
            self._waiting.append(ticket)
            try:
                while not ticket.granted:
                    if stopping():
                        return self._full(required) or next(iter(required))
                    self._clock.wait(self._changed, _LOOK_UP_S)
                    self._grant()
            finally:
                if not ticket.granted:
                    self._waiting.remove(ticket)
                    self._grant()
        else:
            self._book(required)
        extra = {name: n for name, n in optional.items() if self._full({name: n}) is None}
        self._book(extra)
        return frozenset(required) | frozenset(extra)

    def give(self, name: str, length: int, rows: int) -> None:
        """Give room back; the caller holds the lock."""
        limit = self._limits.get(name)
        if limit is not None:
            limit.bytes -= length
            limit.rows -= rows
            self._grant()

    def _full(self, required: Need) -> str | None:
        """Return a channel that has no room, or in which somebody waits already."""
        awaited = {name for ticket in self._waiting for name in ticket.required}
        for name, need in required.items():
            if name in awaited or not self._limits[name].takes(*need):
                return name
        return None

    def _book(self, need: Need) -> None:
        for name, (length, rows) in need.items():
            limit = self._limits[name]
            limit.bytes += length
            limit.rows += rows

    def _grant(self) -> None:
        """Serve the waiting in their order; one that can't be served keeps its channels."""
        blocked: set[str] = set()
        served = []
        for ticket in self._waiting:
            free = blocked.isdisjoint(ticket.required)
            if free and all(self._limits[n].takes(*need) for n, need in ticket.required.items()):
                self._book(ticket.required)
                ticket.granted = True
                served.append(ticket)
            else:
                blocked.update(ticket.required)
        for ticket in served:
            self._waiting.remove(ticket)
        if served:
            self._changed.notify_all()
