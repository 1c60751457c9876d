"""What ends a reader's wait for rows although none have come: somebody wants it to look around."""

from threading import Condition


class Bell:
    """Rung from any thread; heard once, by the reader, in this wait or the next one."""

    def __init__(self, *waits: Condition) -> None:
        self._waits = waits  # on one lock, the journal's
        self._rung = False

    def ring(self) -> None:
        """End a wait, or the next one."""
        with self._waits[0]:
            self._rung = True
            for each in self._waits:
                each.notify_all()

    def heard(self) -> bool:
        """Whether it has rung; the lock is held."""
        rung, self._rung = self._rung, False
        return rung
