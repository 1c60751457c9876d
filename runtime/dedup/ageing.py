"""How old keys are: by time that passed while the agent ran, whatever the clocks were set to.

Keys age by the monotonic clock, plus what the wall clock says that the agent was down, up to a
bound. So a clock that is set wrong never ages keys before their time; one that keeps them longer
costs disk.
"""

from flumec.runtime.clock import Clock
from flumec.runtime.dedup.margin import MARGIN
from flumec.runtime.frozen import frozen

SLOTS = 12
"""A window is aged out in so many parts."""

MARGIN_NS = MARGIN * 1_000_000_000

_NS = 1_000_000_000


@frozen
class Age:
    """What is stored with the cursor: how much time has passed, and what o'clock it was then."""

    passed: int = 0
    wall: int = 0


class Ageing:
    """The time of one start of an agent, for a window."""

    def __init__(self, clock: Clock, window: float, stored: Age) -> None:
        self._clock = clock
        self.window = int(window * _NS)
        self.slot = max(1, self.window // SLOTS)
        down = clock.now_ns() - stored.wall if stored.wall else 0
        self._passed = stored.passed + min(max(down, 0), self.slot)
        self._wall = clock.now_ns()
        self._start = clock.monotonic()

    @property
    def now(self) -> int:
        """How much time has passed, in nanoseconds."""
        return self._passed + self._running

    @property
    def stored(self) -> Age:
        """What to store now."""
        return Age(self.now, self._clock.now_ns())

    def is_over(self, newest: int) -> bool:
        """Whether keys that became live by `newest` have left the window."""
        return self.now - newest > self.window

    def is_late(self, born: int) -> bool:
        """Whether a row's key may have left the window, if its copy came at the same time.

        A wall clock that is set back makes nothing younger; one that is set forward is believed.
        """
        return self._believed - born > self.window - MARGIN_NS

    @property
    def _believed(self) -> int:
        return max(self._clock.now_ns(), self._wall + self._running)

    @property
    def _running(self) -> int:
        return int((self._clock.monotonic() - self._start) * _NS)
