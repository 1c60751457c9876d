"""By weight: which of a balanced link's peers takes what comes next."""

from collections.abc import Collection, Mapping

FRESH = 0.5
"""Seconds after which a member that asked for rows, and took none, is not waited for any more."""


class Shares:
    """Bytes that each member has taken, for its weight: of those who ask, the one with least is
    next.

    Who is busy with what it took does not ask: so a slow or full one takes less, and nobody waits
    for it. One that was away begins with the least of the others: it does not get at once what went
    by. All times are the clock's `monotonic`.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights = dict(weights)
        self._taken = dict.fromkeys(weights, 0.0)
        self._asked: dict[str, float] = {}

    def may_take(self, name: str, able: Collection[str], now: float) -> bool:
        """Say whether a member that asks may take rows before the others that ask, and are able."""
        here = {n for n, asked in self._asked.items() if n in able and now - asked < FRESH}
        others = here - {name}
        least = min((self._taken[n] for n in others), default=self._taken[name])
        if name not in here and others:
            self._taken[name] = max(self._taken[name], least)
        self._asked[name] = now
        return self._taken[name] <= least

    def took(self, name: str, size: int) -> None:
        """Note what a member has taken; until it asks again nobody waits for it."""
        self._taken[name] += size / self._weights[name]
        self._asked.pop(name, None)
