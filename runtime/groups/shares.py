"""By weight: which of a balanced link's peers takes what comes next."""

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

    def may_take(self, name: str, able: Collection[str], now: float) -> bool:
        """Say whether a member that asks may take rows before the others that ask, and are able."""
        if now - self._seen.get(name, -AWAY) >= AWAY:
            known = [self._taken[n] for n, seen in self._seen.items() if now - seen < AWAY]
            self._taken[name] = max(self._taken[name], min(known, default=0.0))
        self._seen[name] = now
        others = [n for n, seen in self._seen.items() if n in able and now - seen < FRESH]
        return self._taken[name] <= min(self._taken[n] for n in (name, *others))

    def took(self, name: str, size: int) -> None:
        """Note what a member has taken."""
        self._taken[name] += size / self._weights[name]
