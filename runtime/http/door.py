"""Who has connected to a source with TLS and has not proven anything yet.

They are few, they don't stay for long, and what is said of those that don't get in fills no log.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from flumec.runtime.http.encrypted import Encrypted
from flumec.runtime.messages.tls import NotProven
from flumec.runtime.tls.proof import Proof

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext

PATIENCE = 10.0
"""Seconds that a handshake may take at most."""
SILENCE = 10.0
"""Seconds after a warning in which those that follow are only counted."""


class Door:
    """Makes the connections of a listener, and serves those that got in.

    At most `most` stand before it; the one that has waited longest makes room, since a client that
    means it needs a moment only.
    """

    def __init__(
        self, proof: Proof, context: "SourceContext", serve: Callable[[], asyncio.Protocol],
        *, most: int, patience: float,
    ) -> None:  # fmt: skip
        self._proof = proof
        self._context = context
        self._serve = serve
        self._most = most
        self._patience = min(patience, PATIENCE)
        self._waiting: dict[Encrypted, asyncio.TimerHandle] = {}
        self._unsaid = 0
        self._silent_until = 0.0
        self._closed = False

    def __call__(self) -> Encrypted:
        """Return the protocol of a new connection, by the certificates of now."""
        return Encrypted(self._proof.tls, self)

    def come(self, connection: Encrypted) -> None:
        """Hear of a connection that has not proven anything yet."""
        if self._closed:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        self._waiting[connection] = loop.call_later(self._patience, self._late, connection)
        if len(self._waiting) > self._most:
            self._end(
                next(iter(self._waiting)), "too many connections wait for TLS, it the longest"
            )

    def let_in(self, connection: Encrypted) -> asyncio.Protocol:
        """Return the protocol that serves a connection whose two ends have proven themselves."""
        self._forget(connection)
        return self._serve()

    def gone(self, connection: Encrypted) -> None:
        """Hear that a connection has ended."""
        self._forget(connection)

    def turned_away(self, connection: Encrypted, reason: str) -> None:
        """Count it, and say it unless another was just said."""
        self._context.counters.add("unproven")
        now = self._context.clock.monotonic()
        if now < self._silent_until:
            self._unsaid += 1
            return
        self._silent_until = now + SILENCE
        if self._unsaid:
            reason += f" (and {self._unsaid:,} more since the last that was said)"
            self._unsaid = 0
        self._context.log.warning(NotProven(peer=connection.peer, reason=reason))

    def close(self) -> None:
        """End all that are not let in yet, and let nobody in any more."""
        self._closed = True
        for connection in list(self._waiting):
            connection.abort()

    def _late(self, connection: Encrypted) -> None:
        self._end(connection, f"it did not agree on TLS within {self._patience:g} s")

    def _end(self, connection: Encrypted, reason: str) -> None:
        if not connection.closing:  # else the reason was said
            self.turned_away(connection, reason)
        self._forget(connection)
        connection.abort()

    def _forget(self, connection: Encrypted) -> None:
        if (timer := self._waiting.pop(connection, None)) is not None:
            timer.cancel()
