"""Waiting longer after each failure, with chance in it, up to a bound."""

import random
from collections.abc import Callable


class Backoff:
    """Seconds to wait before each next attempt: doubling from `first` to `most`, less up to a half.

    The chance keeps a fleet that lost one server from coming back all at once. The delay is bounded
    before it is doubled, so that no number of failures overflows it.
    """

    def __init__(
        self,
        first: float = 0.1,
        most: float = 30.0,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not 0 < first <= most:
            raise ValueError(
                f"a back-off grows from above 0 to its bound, not from {first} to {most}"
            )
        self.first = first
        self.most = most
        self.failures = 0
        self._next = first
        self._chance = chance

    def delay(self) -> float:
        """Count one more failure and return how long to wait now, in seconds."""
        self.failures += 1
        now, self._next = self._next, min(self.most, self._next * 2)
        return now * (1 - self._chance() / 2)

    def reset(self) -> None:
        """Begin again at `first`: an attempt succeeded."""
        self.failures = 0
        self._next = self.first
