"""Listening sockets: those that the service manager kept open for the agent, else its own."""

import errno
import os
import socket
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.runtime.clock import Clock
from flumec.runtime.errors import StartError

if TYPE_CHECKING:
    from flumec.runtime.links.pulse import Pulse

FIRST_FD = 3
BACKLOG = 4096
"""Connections that wait to be accepted, also in a socket unit and while its agent restarts."""

WITH_UNIT = "FLUMEC_SOCKETS"
"""The variable in which a service names those that get their ports from socket units.

The port for measurements is not among them: it is to be there while an agent is drained, too.
"""

Dial = Callable[[float, Callable[[], bool]], socket.socket]
"""Connects within so many seconds, unless the agent stops; raises OSError or Disconnected."""


class Sockets:
    """The sockets passed to this process by name, sd_listen_fds(3), and new ones where none was.

    Connections to a passed socket wait in the kernel while the agent restarts. So a port that has a
    unit is never bound here: nobody would hold it over the next restart, and under the host's name
    it might be fewer addresses than the unit has.
    """

    def __init__(self, environment: MutableMapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._passed: dict[str, list[int]] = {}
        if environment.get("LISTEN_PID") == str(os.getpid()):
            count = int(environment.get("LISTEN_FDS", "0"))
            names = environment.get("LISTEN_FDNAMES", "").split(":")
            for offset in range(count):
                name = names[offset] if offset < len(names) else "unknown"
                os.set_inheritable(FIRST_FD + offset, False)
                self._passed.setdefault(name, []).append(FIRST_FD + offset)
        self._with_unit = frozenset(environment.get(WITH_UNIT, "").split())
        for variable in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", WITH_UNIT):
            environment.pop(variable, None)  # not meant for a child of ours

    @property
    def unused(self) -> tuple[str, ...]:
        """Names of passed sockets that no component has asked for."""
        return tuple(self._passed)

    def listen(self, name: str, host: str, port: int, *, declared: str = "port") -> socket.socket:
        """Return the socket passed by `name`, else one bound to (host, port); raise StartError.

        `declared` is what the port is called where it can be changed.
        """
        if descriptors := self._passed.get(name):
            descriptor = descriptors.pop(0)
            if not descriptors:
                del self._passed[name]
            return socket.socket(fileno=descriptor)
        listener = _bind(name, host, port, declared)
        if name in self._with_unit:
            listener.close()
            raise StartError(
                f"`{name}` was not given its port {port} by its socket unit, which could not open "
                "it when this start began; the port is free now, and the next start opens it"
            )
        return listener

    def dialler(self, host: str, port: int, clock: Clock) -> Dial:
        """Return what connects to (host, port), as often as it is called."""
        from flumec.runtime.links.dial import dial
        from flumec.runtime.links.lookup import Lookup

        lookup = Lookup(host, port, clock)
        return lambda within, stopping: dial(lookup, within, clock, stopping)

    def pulse(self, raw: socket.socket, time_out: float, now: float) -> "Pulse":  # noqa: ARG002 a simulation knows more of it
        """Return the signs of life on a connection."""
        from flumec.runtime.links.pulse import Pulse

        return Pulse(time_out, now)


def _bind(name: str, host: str, port: int, declared: str) -> socket.socket:
    try:
        resolved = socket.getaddrinfo(
            host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as error:
        raise StartError(
            f"`{name}` is to listen on {host}:{port}, but `{host}` cannot be resolved: "
            f"{error.strerror}; check the host's `address`"
        ) from None
    family, kind, protocol, _, address = resolved[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartError(_refusal(name, host, port, declared, error)) from None
    return listener


def _refusal(name: str, host: str, port: int, declared: str, error: OSError) -> str:
    """Say why the port cannot be had and what to do about it."""
    wanted = f"`{name}` cannot listen on {host}:{port}: "
    if error.errno == errno.EADDRINUSE:
        holder = _holder(port)
        return wanted + (
            f"the port is taken by {holder}; stop it or choose another `{declared}`"
            if holder
            else "the port is taken by another process; find it with "
            f"`ss -ltnp 'sport = :{port}'`, stop it or choose another `{declared}`"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return wanted + f"`{host}` is no address of this machine; check the host's `address`"
    if error.errno == errno.EACCES:
        return wanted + (
            "ports below 1024 need privilege: let the agent's socket unit open it, "
            f"or choose a higher `{declared}`"
        )
    return wanted + str(error.strerror)


def _holder(port: int) -> str | None:
    """Name the process that listens on a TCP port, as far as /proc lets us see it."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    if not inodes:
        return None
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in inodes:
                process = link.parent.parent
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:  # it is gone, or belongs to another user
            continue
    return None


def _listening(port: int) -> set[str]:
    """Return the inodes of sockets in state LISTEN (0A) on `port`, from /proc/net/tcp and tcp6."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found
