"""Connecting to the other end, without keeping an agent that stops from its end."""

import errno
import os
import select
import socket
from collections.abc import Callable

from flumec.runtime.clock import Clock
from flumec.runtime.links.faults import Disconnected
from flumec.runtime.links.lookup import GLANCE, Lookup

_REMEDIES = {
    errno.ECONNREFUSED: "is the receiving agent up?",
    errno.ETIMEDOUT: "is the host up, and does no firewall keep the port closed?",
    errno.EHOSTUNREACH: "is the host up, and is there a route to it?",
    errno.ENETUNREACH: "is there a route to it?",
    errno.EACCES: "a firewall here forbids it",
    errno.EPERM: "a firewall here forbids it",
    errno.EMFILE: "raise `files` in the agent's `limits`",
}
_LOOKUP_REMEDIES = {
    socket.EAI_AGAIN: "is the name server of /etc/resolv.conf up?",
    socket.EAI_NONAME: "is the host's address right, and is the name known on this host?",
}


def dial(
    lookup: Lookup, within: float, clock: Clock, stopping: Callable[[], bool]
) -> socket.socket:
    """Return a connected socket; of several addresses of a name the first that answers.

    Each address gets an equal share of the time that is left, so that one which drops everything
    does not hide the next. Raise OSError after `within` seconds or when every address refuses,
    Disconnected when the agent stops first.
    """
    deadline = clock.monotonic() + within
    failure = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
    targets = lookup.targets(deadline, stopping)
    for tried, (family, target) in enumerate(targets):
        now = clock.monotonic()
        share = max(0.0, deadline - now) / (len(targets) - tried)
        try:
            return _connected(family, target, now + share, clock, stopping)
        except OSError as error:
            failure = error
    raise failure


def explain(error: OSError) -> str:
    """Return why no connection came about, and what to look at.

    >>> explain(OSError(errno.ECONNREFUSED, "Connection refused"))
    'Connection refused: is the receiving agent up?'
    """
    reason = error.strerror or str(error)
    remedies = _LOOKUP_REMEDIES if isinstance(error, socket.gaierror) else _REMEDIES
    remedy = remedies.get(error.errno or 0)
    return f"{reason}: {remedy}" if remedy else reason


def _connected(
    family: int,
    target: tuple[object, ...],
    deadline: float,
    clock: Clock,
    stopping: Callable[[], bool],
) -> socket.socket:
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        _connect(raw, target, deadline, clock, stopping)
    except BaseException:
        raw.close()
        raise
    return raw


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
        left = deadline - clock.monotonic()
        while not writable.poll(max(0.0, min(left, GLANCE)) * 1000):
            if stopping():
                raise Disconnected("this end stops")
            left = deadline - clock.monotonic()
            if left <= 0:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        number = raw.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        raise OSError(number, os.strerror(number))
