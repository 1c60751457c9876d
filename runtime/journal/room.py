"""Room in channels: taken for all of a put's channels at once, first come first served in each."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Condition
from typing import NamedTuple

from flumec.runtime.clock import Clock
from flumec.runtime.frozen import frozen


class Want(NamedTuple):
    """What a put wants of a channel: bytes on disk, rows, and in memory where it may lie there."""

    bytes: int = 0
    rows: int = 0
    kept: int = 0


Need = Mapping[str, Want]
"""What a put wants of each channel."""

_LOOK_UP_S = 0.25
"""How often a thread that waits for room looks whether it is to stop."""


@dataclass(slots=True)
class _Limit:
    """A channel's size and what of it is taken: the bytes of frames, and the rows not done.

    One that spills has `memory` for so many bytes beside it; the rows are those of both parts.
    """

    size: int
    events: int | None
    bytes: int = 0
    rows: int = 0
    memory: int | None = None
    kept: int = 0

    def takes(self, want: Want) -> bool:
        """Say whether it fits; what is larger than the whole channel fits into an empty one."""
        if self.memory is not None:
            fits = self.bytes == 0 or self.bytes + want.bytes <= self.size
            return fits and self._lets_in(want.rows)
        return self.bytes == 0 or self.missing(want) == (0, 0)

    def keeps(self, want: Want) -> bool:
        """Say whether it fits into memory; what is larger than all of that lies on disk."""
        fits = self.memory is not None and self.kept + want.kept <= self.memory
        return fits and self._lets_in(want.rows)

    def missing(self, want: Want) -> tuple[int, int]:
        """Return how many bytes and rows must go before it fits: all of them if it is larger."""
        more_bytes = min(self.bytes, max(0, self.bytes + want.bytes - self.size))
        if self.events is None:
            return more_bytes, 0
        return more_bytes, min(self.rows, max(0, self.rows + want.rows - self.events))

    def _lets_in(self, rows: int) -> bool:
        return self.events is None or self.rows == 0 or self.rows + rows <= self.events


@frozen
class Taken:
    """The channels in which a put has its room; in those of `kept` it is in memory."""

    channels: frozenset[str]
    kept: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class _Ticket:
    required: Need
    on_disk: Callable[[], bool]
    kept: frozenset[str] | None = None
    """Where it got memory, once it is served."""


class Room:
    """How much of each channel is taken. `changed` is built on the journal's lock."""

    def __init__(self, changed: Condition, clock: Clock) -> None:
        self._changed = changed
        self._clock = clock
        self._limits: dict[str, _Limit] = {}
        self._waiting: deque[_Ticket] = deque()
        self.on_lack: Callable[[], None] | None = None
        """Called, with the lock held, when a put finds no room."""

    @property
    def awaited(self) -> bool:
        """Whether a put waits for room."""
        return bool(self._waiting)

    def add(
        self,
        name: str,
        size: int,
        events: int | None,
        held: tuple[int, int],
        memory: int | None = None,
    ) -> None:
        """Open a channel that holds so many bytes and rows already; with `memory` one that spills.

        What it holds is on the disk.
        """
        self._limits[name] = _Limit(size, events, *held, memory)

    def lacks(self, name: str, want: Want) -> bool:
        """Say whether a channel has no room for what is wanted, neither on disk nor in memory."""
        limit = self._limits[name]
        return not (limit.takes(want) or limit.keeps(want))

    def missing(self, name: str, want: Want) -> tuple[int, int]:
        """Return how many bytes and rows must go from a channel before it takes what is wanted."""
        return self._limits[name].missing(want)

    def share(self, name: str) -> float:
        """Return how full a channel is, from 0."""
        limit = self._limits[name]
        of_rows = limit.rows / limit.events if limit.events else 0.0
        return max((limit.bytes + limit.kept) / (limit.size + (limit.memory or 0)), of_rows)

    def take(
        self,
        required: Need,
        optional: Need,
        *,
        wait: bool,
        stopping: Callable[[], bool],
        on_disk: Callable[[], bool],
    ) -> "str | Taken":
        """Take room in every required channel; return those taken, or the name of a full one.

        Channels that spill are taken in memory if that has room, else on the disk, if `on_disk`.
        Optional channels are taken as well where they have room at that moment, and nobody waits
        for it. The caller holds the lock, and loses it while it waits.
        """
        if (full := self._full(required, on_disk())) is not None:
            ticket = _Ticket(required, on_disk)
            if wait:
                self._waiting.append(ticket)
            if self.on_lack is not None:
                self.on_lack()
            if not wait:
                return full
            try:
                while ticket.kept is None:
                    if stopping():
                        return self._full(required, on_disk()) or next(iter(required))
                    self._clock.wait(self._changed, _LOOK_UP_S)
                    self._grant()
            finally:
                if ticket.kept is None:
                    self._waiting.remove(ticket)
                    self._grant()
            kept = ticket.kept
        else:
            kept = self._book(required)
        extra = {n: w for n, w in optional.items() if self._full({n: w}, on_disk()) is None}
        kept |= self._book(extra)
        return Taken(frozenset(required) | frozenset(extra), kept)

    def give(self, name: str, length: int, rows: int, kept: int = 0) -> None:
        """Give room back: bytes on disk, rows, bytes in memory; the caller holds the lock."""
        limit = self._limits.get(name)
        if limit is not None:
            limit.bytes -= length
            limit.rows -= rows
            limit.kept -= kept
            self._grant()

    def _full(self, required: Need, on_disk: bool) -> str | None:
        """Return a channel that has no room, or in which somebody waits already."""
        awaited = {name for ticket in self._waiting for name in ticket.required}
        for name, want in required.items():
            if name in awaited or not self._has(name, want, on_disk):
                return name
        return None

    def _has(self, name: str, want: Want, on_disk: bool) -> bool:
        """Say whether a channel has room; where `on_disk` is false, spilling ones in memory only.

        What others want of a full disk never comes here.
        """
        limit = self._limits[name]
        if limit.memory is None:
            return limit.takes(want)
        return limit.keeps(want) or (on_disk and limit.takes(want))

    def _book(self, need: Need) -> frozenset[str]:
        """Take the room that there is; return the channels of which it is in memory."""
        kept = frozenset(name for name, want in need.items() if self._limits[name].keeps(want))
        for name, want in need.items():
            limit = self._limits[name]
            limit.rows += want.rows
            if name in kept:
                limit.kept += want.kept
            else:
                limit.bytes += want.bytes
        return kept

    def _grant(self) -> None:
        """Serve the waiting in their order; one that can't be served keeps its channels."""
        blocked: set[str] = set()
        served = []
        for ticket in self._waiting:
            free = blocked.isdisjoint(ticket.required)
            on_disk = ticket.on_disk()
            if free and all(self._has(n, want, on_disk) for n, want in ticket.required.items()):
                ticket.kept = self._book(ticket.required)
                served.append(ticket)
            else:
                blocked.update(ticket.required)
        for ticket in served:
            self._waiting.remove(ticket)
        if served:
            self._changed.notify_all()
