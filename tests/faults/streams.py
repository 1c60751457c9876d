"""One flow of lines through a fleet: what is written, where it arrives, and who carries it."""

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from faults.checking import Verdict
from faults.stores import Store

BEHIND = 20_000
"""Lines that are written ahead of what has arrived, so that there is always work in flight."""


class Traffic(Protocol):
    """Whoever writes lines, and knows which."""

    written: list[bytes]

    def burst(self, most: int) -> None:
        """Write some lines, or have them written soon."""

    def hold(self) -> None:
        """Write nothing until the next burst."""

    def finish(self) -> None:
        """Write no more, and end what is begun; the agents may need to be alive for it."""

    @property
    def finished(self) -> bool:
        """Whether everything that was begun is ended."""

    def close(self) -> None:
        """Let go of threads."""


class Stream:
    """Traffic, the agents that carry it, and the stores that it ends in."""

    def __init__(self, traffic: Traffic, roles: Sequence[str], stores: Sequence[Store]) -> None:
        self.traffic = traffic
        self.roles = roles
        self.stores = stores
        self._looked = 0.0
        self._most = 0

    def pour(self) -> None:
        """Write more, unless much is under way."""
        if self.under_way(within=0.5) < BEHIND:
            self.traffic.burst(200)
        else:
            self.traffic.hold()

    def under_way(self, within: float = 0.0) -> int:
        """Return how many lines are missing where most are, as it was `within` seconds ago."""
        if time.monotonic() - self._looked >= within:
            self._looked = time.monotonic()
            written = list(self.traffic.written)
            missing = [len(one.expect(written)) - one.arrived() for one in self.stores]
            self._most = max(missing)
        return self._most

    @property
    def at_rest(self) -> bool:
        """Whether all has arrived that ever will."""
        return self.traffic.finished and self.under_way() <= 0

    def judge(self) -> Iterator[tuple[str, Verdict]]:
        """Yield each store's name with what was found there."""
        for store in self.stores:
            yield store.name, store.judge(self.traffic.written)
