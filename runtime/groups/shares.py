"""By weight: which of a balanced link's peers takes what comes next."""

import math
from collections.abc import Collection, Mapping

FRESH = 0.3
"""Seconds for which a member that asked for rows is waited for: until it is done with what it took.
"""
AWAY = 5.0
"""Seconds without a question after which a member was away."""


class Shares:
    """Bytes that each member has taken, for its weight: of those who keep up, the least is next.

    A slow or full one does not come back for more: so it takes less, and the others go on. One that
    was away begins with the least of the others: it does not get at once what went by. All times
    are the clock's `monotonic`.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights = dict(weights)
        self._taken = dict.fromkeys(weights, 0.0)
        self._seen: dict[str, float] = {}

    def may_take(
        self, name: str, able: Collection[str], now: float, waiting: Collection[str] = ()
    ) -> bool:
        """Say whether a member that asks may take rows before the others that ask, and are able.

        Those `waiting` have asked, and do so again only once they are woken.
        """
        if name not in waiting and now - self._seen.get(name, -AWAY) >= AWAY:
            here = [n for n, seen in self._seen.items() if n in waiting or now - seen < AWAY]
            least = min((self._taken[n] for n in here), default=0.0)
            self._taken[name] = max(self._taken[name], least)
        self._seen[name] = now
        return all(
            n not in waiting and now - self._seen.get(n, -math.inf) >= FRESH
            for n in self._before(name, able)
        )

    def patience(
        self, name: str, able: Collection[str], now: float, waiting: Collection[str] = ()
    ) -> float:
        """Return after how many seconds it may, if nobody asks again until then.

        Infinite where one that waits is before it, and will say what it takes.
        """
        before = self._before(name, able)
        if any(n in waiting for n in before):
            return math.inf
        return max((FRESH - now + self._seen.get(n, -math.inf) for n in before), default=0.0)

    def _before(self, name: str, able: Collection[str]) -> list[str]:
        """Return who is able, and has had less for its weight."""
        return [n for n in able if self._taken[n] < self._taken[name]]

    def took(self, name: str, size: int) -> None:
        """Note what a member has taken."""
        self._taken[name] += size / self._weights[name]
