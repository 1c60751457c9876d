"""Connecting to the other end, without keeping an agent that stops from its end."""

import errno
import os
import select
import socket
from collections.abc import Callable

from flumec.runtime.clock import Clock
from flumec.runtime.links.faults import Disconnected

GLANCE = 0.25
"""Seconds of one wait, after which it looks whether it is to stop."""


def dial(
    address: str, port: int, within: float, clock: Clock, stopping: Callable[[], bool]
) -> socket.socket:
    """Return a connected socket; of several addresses of a name the first that answers.

    Raise OSError after `within` seconds or when every address refuses, Disconnected when the agent
    stops first. Looking up a name is the resolver's business, and takes as long as that.
    """
    deadline = clock.monotonic() + within
    failure = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
    for family, kind, protocol, _, target in socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM
    ):
        raw = socket.socket(family, kind, protocol)
        try:
            _connect(raw, target, deadline, clock, stopping)
        except OSError as error:
            raw.close()
            failure = error
        except BaseException:
            raw.close()
            raise
        else:
            return raw
    raise failure


def _connect(
    raw: socket.socket,
    target: tuple[object, ...],
    deadline: float,
    clock: Clock,
    stopping: Callable[[], bool],
) -> None:
    raw.setblocking(False)
    number = raw.connect_ex(target)
    if number == errno.EINPROGRESS:
        writable = select.poll()
        writable.register(raw, select.POLLOUT)
        while not writable.poll(GLANCE * 1000):
            if stopping():
                raise Disconnected("this end stops")
            if clock.monotonic() >= deadline:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        number = raw.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        raise OSError(number, os.strerror(number))
