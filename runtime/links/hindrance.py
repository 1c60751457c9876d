"""Rows that the receiver rejects, and no dead letters take: the link stands until they are taken.

The cure is the receiver's, so it is asked again and again, on a new connection, by one frame.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flumec.runtime.retry import Backoff

if TYPE_CHECKING:
    from flumec.runtime.context import SenderContext
    from flumec.runtime.links.faults import Unsendable
    from flumec.runtime.links.numbering import Numbering

LONGEST = 30.0
"""Seconds between two attempts at most."""
LOOK = 1.0
"""Seconds between two looks, meanwhile, whether somebody said that the peer is lost."""


class Hindrance:
    """Says what stands in the way, and when to try again."""

    def __init__(
        self, context: "SenderContext", numbering: "Numbering", lost: Callable[[], bool]
    ) -> None:
        self._context = context
        self._numbering = numbering
        self._lost = lost
        self._backoff = Backoff(0.1, LONGEST)
        self._at = 0

    def met(self, fault: "Unsendable") -> None:
        """Say that these rows are rejected, once, and that nobody else is to have them."""
        if fault.first != self._at:
            self._backoff.reset()
        self._at = fault.first
        self._numbering.parted((), ((fault.first, fault.end),))
        self._context.counters.set("rejected_events", fault.end - fault.first)
        self._context.fail(
            f"{fault}; the link stands before them, and its channel holds what comes. It goes on "
            f"by itself once the receiver takes them: it asks every {LONGEST:.0f}s. Repair the "
            "receiver, or give the link a `dead_letter`"
        )

    def wait(self) -> None:
        """Wait until it is time to ask again, or somebody gives the peer up."""
        clock = self._context.clock
        until = clock.monotonic() + self._backoff.delay()
        while (left := until - clock.monotonic()) > 0 and not self._lost():
            if self._context.wait(min(LOOK, left)):
                return
