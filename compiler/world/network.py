"""The wires of a world: connections in memory that can be cut, reset and healed.

What is sent arrives at once, or lies on the way while the wire is cut, as TCP would send it again;
a reset loses what lies there. A dead process's connections end as its kernel would end them.
"""

import errno
import os
from collections.abc import Callable

from flumec.compiler.world.fibres import Owner, Scheduler
from flumec.compiler.world.sockets import Listener, Stream
from flumec.compiler.world.steps import Steps
from flumec.runtime.links.faults import Disconnected

_GLANCE = 1.0

Wire = tuple[str, str]
"""Two hosts, from the one to the other."""


class Network:
    """Who listens where, which connections there are, and which wires are cut."""

    def __init__(self, scheduler: Scheduler, steps: Steps) -> None:
        self.scheduler, self.steps = scheduler, steps
        self._names: dict[str, str] = {}
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._streams: list[Stream] = []
        self._cut: dict[Wire, float] = {}
        """Since when, in the world's seconds."""

    def name(self, host: str, address: str) -> None:
        """Know a host by its address as well."""
        self._names[address] = self._names[host] = host

    def cut(self, start: str, end: str) -> None:
        """Let nothing more come through from one host to another.

        A connection to `end` is not made then. One to `start` is, and hears no answer.
        """
        self.scheduler.rouse()
        self._cut.setdefault((start, end), self.scheduler.now)

    def heal(self, start: str, end: str) -> None:
        """Let everything come through again, also what lies on the way."""
        self.scheduler.rouse()
        self._cut.pop((start, end), None)
        for stream in self._streams:
            stream.arrive()

    def is_cut(self, start: str, end: str) -> bool:
        """Whether nothing comes through."""
        return (start, end) in self._cut

    def cut_since(self, start: str, end: str) -> float | None:
        """Return since when nothing comes through, in the world's seconds; None if it does."""
        return self._cut.get((start, end))

    def reset(self, start: str, end: str) -> int:
        """End every connection between two hosts, with what lies on the way; return how many."""
        found = [each for each in self._streams if {each.host, each.there} == {start, end}]
        for stream in found:
            stream.break_off()
        return len(found)

    def listen(self, owner: Owner, host: str, port: int) -> Listener:
        """Take connections to a host's port."""
        if (host, port) in self._listeners:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self.scheduler.rouse()
        self._listeners[host, port] = listener = Listener(self, owner, host, port)
        return listener

    def dial(
        self, owner: Owner, host: str, address: str, port: int, *, within: float,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Stream:  # fmt: skip
        """Connect from a host to a port of another; raise OSError, or Disconnected."""
        there = self._names.get(address, address)
        deadline = self.scheduler.now + within
        while self.is_cut(host, there):
            if stopping():
                raise Disconnected("this end stops")
            left = deadline - self.scheduler.now
            if left <= 0:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            self.scheduler.linger(self.scheduler.waiter(), min(left, _GLANCE))
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

    def forget(self, stream: Stream) -> None:
        """Forget a connection's end."""
        if stream in self._streams:
            self._streams.remove(stream)

    def unlisten(self, listener: Listener) -> None:
        """Take no more connections."""
        self._listeners.pop((listener.host, listener.port), None)
