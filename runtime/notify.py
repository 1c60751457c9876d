"""Telling the service manager how the agent is: systemd's datagram protocol, sd_notify(3)."""

import os
import socket
from collections.abc import Mapping
from typing import Self

STATE = "X_FLUMEC_STATE"
"""The variable that carries an agent's state as JSON; systemd ignores what begins with X_."""

PATIENCE = 5.0
"""Seconds that a message which must arrive may wait for room in the manager's queue."""


class Notifier:
    """The socket that NOTIFY_SOCKET names, or nothing where no manager listens.

    Protocol: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html,
    one datagram of `NAME=value` lines for each message.
    """

    def __init__(self, address: str | None, watchdog: float | None = None) -> None:
        self.watchdog = watchdog
        """Seconds without WATCHDOG=1 after which the manager kills the process; None: never."""
        self._address = "\0" + address[1:] if address and address[0] == "@" else address
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    @classmethod
    def of_process(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return what the manager asked of this very process (not of a parent of it)."""
        usec = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        watchdog = int(usec) / 1e6 if usec.isdigit() and int(usec) and mine else None
        return cls(environment.get("NOTIFY_SOCKET"), watchdog)

    @property
    def heard(self) -> bool:
        """Whether a manager listens at all."""
        return self._socket is not None

    def send(self, variables: Mapping[str, str], *, wait: bool = False) -> bool:
        """Send one message; return whether it was taken.

        Without `wait` a manager that does not read costs nothing: the message is left out, as the
        next one says the same and more. A manager that went away does not stop an agent.
        """
        if self._socket is None or self._address is None:
            return False
        lines = [f"{name}={value.replace(chr(10), ' ')}" for name, value in variables.items()]
        self._socket.settimeout(PATIENCE if wait else 0)
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def parse(message: bytes) -> dict[str, str]:
    """Read one datagram, as the manager's side gets it."""
    pairs = (line.partition("=") for line in message.decode("utf-8", "replace").splitlines())
    return {name: value for name, equals, value in pairs if equals}
