"""The ends of a world's wires that a process holds: with as much of a socket as links use."""

import errno
import os
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flumec.compiler.world.fibres import Owner, Scheduler, Waiter

if TYPE_CHECKING:
    from flumec.compiler.world.network import Network

_SHORTEST_LOOK = 1.0
"""Seconds of one wait for a socket at least. The agents' are shorter, so as to see soon that they
are to stop; in a world that costs turns by which nothing happens."""


class _Waiting:
    """What blocks at most for its time-out, as a socket does."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._timeout: float | None = None
        self._waiters: deque[Waiter] = deque()

    def settimeout(self, seconds: float | None) -> None:
        """Block for so long at most."""
        self._timeout = None if seconds is None else max(seconds, _SHORTEST_LOOK)

    def setsockopt(self, *_: Any) -> None:
        """Do nothing: there are no packets."""

    def _block(self) -> None:
        """Wait for news; raise TimeoutError."""
        waiter = self._scheduler.waiter()
        self._waiters.append(waiter)
        if not self._parked(waiter):
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            raise TimeoutError("timed out")

    def _parked(self, waiter: Waiter) -> bool:
        """Be parked; whoever blocks for no longer than a look has nothing else to look at."""
        if self._timeout == _SHORTEST_LOOK and not self._watched:
            return self._scheduler.linger(waiter, self._timeout)
        return self._scheduler.park(waiter, self._timeout)

    @property
    def _watched(self) -> bool:
        """Whether something becomes of it if nothing comes."""
        return False

    def _wake(self) -> None:
        while self._waiters:
            self._waiters.popleft().release()


class Listener(_Waiting):
    """A port that somebody listens on."""

    def __init__(self, network: "Network", owner: Owner, host: str, port: int) -> None:
        super().__init__(network.scheduler)
        self.owner, self.host, self.port = owner, host, port
        self._network = network
        self._come: deque[Stream] = deque()

    def come(self, stream: "Stream") -> None:
        """Have a connection wait to be accepted."""
        self._come.append(stream)
        self._wake()

    def accept(self) -> "tuple[Stream, tuple[str, int]]":
        """Return the next connection; raise TimeoutError."""
        while not self._come:
            self._block()
        stream = self._come.popleft()
        return stream, stream.getpeername()

    def getsockname(self) -> tuple[str, int]:
        """Return where it listens."""
        return self.host, self.port

    def close(self) -> None:
        """Take no more."""
        self._network.unlisten(self)
        self.abandon()

    def abandon(self) -> None:
        """Break off what was not accepted."""
        while self._come:
            self._come.popleft().break_off()


class Stream(_Waiting):
    """One end of a connection, with as much of a socket as links use."""

    other: "Stream"

    def __init__(
        self, network: "Network", owner: Owner, host: str, there: str, peer: tuple[str, int]
    ) -> None:
        super().__init__(network.scheduler)
        self.owner, self.host, self.there = owner, host, there
        self._network, self._peer = network, peer
        self._inbox = bytearray()
        self._on_the_way: deque[bytes | None] = deque()
        """What comes to this end and has not arrived; None is the other end's goodbye."""
        self._ended = self.broken = self._shut = self._gone = False
        self.mute_since: float | None = None
        """Since when this end says nothing any more, as it is broken."""

    @property
    def silent_since(self) -> float | None:
        """Since when this end can hear nothing from the other one; None if it can."""
        cut = self._network.cut_since(self.there, self.host)
        moments = [each for each in (cut, self.other.mute_since) if each is not None]
        return min(moments, default=None)

    @property
    def _watched(self) -> bool:
        return self.silent_since is not None

    def getpeername(self) -> tuple[str, int]:
        """Return the other end's address."""
        return self._peer

    def recv_into(self, target: memoryview) -> int:
        """Fill `target` with what has come; 0 at the end. Raise TimeoutError, or OSError."""
        while True:
            if self._shut:
                return 0
            if self._inbox:
                taken = min(len(target), len(self._inbox))
                target[:taken] = self._inbox[:taken]
                del self._inbox[:taken]
                return taken
            if self.broken:
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            if self._ended:
                return 0
            self._block()

    def sendmsg(self, parts: Sequence[memoryview]) -> int:
        """Send all parts."""
        if self._shut or self.broken:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        data = b"".join(parts)
        self._network.steps.send(self.host, self.there)
        self.other.expect(data)
        return len(data)

    def shutdown(self, _how: int) -> None:
        """End both directions; the other end hears of it after what was sent."""
        if not self._shut:
            self._shut = True
            self.other.expect(None)
            self._wake()

    def close(self) -> None:
        """Forget it."""
        self.shutdown(0)
        self._network.forget(self)

    def expect(self, data: bytes | None) -> None:
        """Have something come to this end, once the wire lets it."""
        if not self._gone:
            self._on_the_way.append(data)
            self.arrive()

    def arrive(self) -> None:
        """Take in what is on the way, unless the wire is cut."""
        if self._on_the_way and not self._network.is_cut(self.there, self.host):
            for data in self._on_the_way:
                self._inbox += data or b""
                self._ended = self._ended or data is None
            self._on_the_way.clear()
            self._wake()

    def break_off(self) -> None:
        """End it at both ends, as far as the wire lets the other one hear of it."""
        self._on_the_way.clear()
        self._break()
        self._network.forget(self)
        self._wake()
        if not self.other.broken and not self._network.is_cut(self.host, self.there):
            self.other.break_off()

    def _break(self) -> None:
        self.broken = True
        if self.mute_since is None:
            self.mute_since = self._scheduler.now

    def vanish(self) -> None:
        """End it at this end alone: the machine is off, and says nothing."""
        self._gone = True
        self._break()
        self._on_the_way.clear()
        self._network.forget(self)
