"""Signs of life on a connection of a world that is patient: they are left out.

The wire knows whether this end could hear the other one, so nobody has to wake for a ping. What is
silent is found out when it would be: a time-out after the last ping that would have come through.
"""

import math
from typing import TYPE_CHECKING

from flumec.runtime.links.faults import Disconnected
from flumec.runtime.links.pulse import Pulse

if TYPE_CHECKING:
    from flumec.compiler.world.sockets import Stream


class WirePulse(Pulse):
    """The pulse of one end of a connection."""

    def __init__(self, stream: "Stream", time_out: float, now: float) -> None:
        super().__init__(time_out, now)
        self._stream, self._began = stream, now

    def check(self, now: float) -> None:
        """Raise Disconnected after a time-out of silence."""
        since = self._stream.silent_since
        if since is None:
            return
        every = self.time_out / 3
        last = self._began + max(0, math.floor((since - self._began) / every)) * every
        if now - last >= self.time_out:
            raise Disconnected(f"silent for {now - last:.1f}s")

    def ping_due(self, now: float) -> bool:  # noqa: ARG002 as a pulse has it
        """Say that no ping is due."""
        return False

    @property
    def next(self) -> float:
        """When to ping next: never."""
        return math.inf
