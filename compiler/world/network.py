"""The wires of a world: connections in memory that can be cut, reset and healed.

What is sent arrives at once, or lies on the way while the wire is cut, as TCP would send it again;
a reset loses what lies there. A dead process's connections end as its kernel would end them.
"""

import errno
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from flumec.compiler.world.fibres import Owner, Scheduler, Waiter
from flumec.compiler.world.steps import Steps
from flumec.runtime.links.faults import Disconnected

_GLANCE = 1.0

_SHORTEST_LOOK = 1.0
"""Seconds of one wait for a socket at least. The agents' are shorter, so as to see soon that they
are to stop; in a world that costs turns by which nothing happens."""

Wire = tuple[str, str]
"""Two hosts, from the one to the other."""


class Network:
    """Who listens where, which connections there are, and which wires are cut."""

    def __init__(self, scheduler: Scheduler, steps: Steps) -> None:
        self.scheduler, self.steps = scheduler, steps
        self._names: dict[str, str] = {}
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._streams: list[Stream] = []
        self._cut: set[Wire] = set()

    def name(self, host: str, address: str) -> None:
        """Know a host by its address as well."""
        self._names[address] = self._names[host] = host

    def cut(self, start: str, end: str) -> None:
        """Let nothing more come through from one host to another.

        A connection to `end` is not made then. One to `start` is, and hears no answer.
        """
        self._cut.add((start, end))

    def heal(self, start: str, end: str) -> None:
        """Let everything come through again, also what lies on the way."""
        self._cut.discard((start, end))
        for stream in self._streams:
            stream.arrive()

    def is_cut(self, start: str, end: str) -> bool:
        """Whether nothing comes through."""
        return (start, end) in self._cut

    def reset(self, start: str, end: str) -> int:
        """End every connection between two hosts, with what lies on the way; return how many."""
        found = [each for each in self._streams if {each.host, each.there} == {start, end}]
        for stream in found:
            stream.break_off()
        return len(found)

    def listen(self, owner: Owner, host: str, port: int) -> "Listener":
        """Take connections to a host's port."""
        if (host, port) in self._listeners:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self._listeners[host, port] = listener = Listener(self, owner, host, port)
        return listener

    def dial(
        self, owner: Owner, host: str, address: str, port: int, *, within: float,
        stopping: Callable[[], bool] = lambda: False,
    ) -> "Stream":  # fmt: skip
        """Connect from a host to a port of another; raise OSError, or Disconnected."""
        there = self._names.get(address, address)
        deadline = self.scheduler.now + within
        while self.is_cut(host, there):
            if stopping():
                raise Disconnected("this end stops")
            left = deadline - self.scheduler.now
            if left <= 0:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            self.scheduler.sleep(min(left, _GLANCE))
        listener = self._listeners.get((there, port))
        if listener is None:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        near = Stream(self, owner, host, there, (address, port))
        far = Stream(self, listener.owner, there, host, (host, 1))
        near.other, far.other = far, near
        self._streams += (near, far)
        listener.come(far)
        return near

    def end(self, owner: Owner, *, silently: bool = False) -> None:
        """End what a process had open; `silently` if its machine lost power."""
        for key, listener in list(self._listeners.items()):
            if listener.owner is owner:
                del self._listeners[key]
                listener.abandon()
        for stream in [each for each in self._streams if each.owner is owner]:
            if silently:
                stream.vanish()
            else:
                stream.break_off()

    def forget(self, stream: "Stream") -> None:
        """Forget a connection's end."""
        if stream in self._streams:
            self._streams.remove(stream)

    def unlisten(self, listener: "Listener") -> None:
        """Take no more connections."""
        self._listeners.pop((listener.host, listener.port), None)


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
        if not self._scheduler.park(waiter, self._timeout):
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            raise TimeoutError("timed out")

    def _wake(self) -> None:
        while self._waiters:
            self._waiters.popleft().release()


class Listener(_Waiting):
    """A port that somebody listens on."""

    def __init__(self, network: Network, owner: Owner, host: str, port: int) -> None:
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
        self, network: Network, owner: Owner, host: str, there: str, peer: tuple[str, int]
    ) -> None:
        super().__init__(network.scheduler)
        self.owner, self.host, self.there = owner, host, there
        self._network, self._peer = network, peer
        self._inbox = bytearray()
        self._on_the_way: deque[bytes | None] = deque()
        """What comes to this end and has not arrived; None is the other end's goodbye."""
        self._ended = self.broken = self._shut = self._gone = False

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
        self._network.steps.take((self.host, self.there))
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
        self.broken = True
        self._network.forget(self)
        self._wake()
        if not self.other.broken and not self._network.is_cut(self.host, self.there):
            self.other.break_off()

    def vanish(self) -> None:
        """End it at this end alone: the machine is off, and says nothing."""
        self.broken = self._gone = True
        self._on_the_way.clear()
        self._network.forget(self)
