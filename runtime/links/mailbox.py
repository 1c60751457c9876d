"""Things handed from threads that must not wait to one thread that does."""

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from flumec.runtime.clock import Clock

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A queue whose `put` never blocks; what is in it is bounded by the senders' credit."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._arrived = threading.Condition()
        self._items: deque[T] = deque()
        self._closed = False

    def put(self, item: T) -> None:
        """Add an item."""
        with self._arrived:
            self._items.append(item)
            self._arrived.notify()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()

    def take(self, timeout: float) -> list[T]:
        """Return everything that is there; an empty list after `timeout` seconds of nothing."""
        with self._arrived:
            if not self._items and not self._closed:
                self._clock.wait(self._arrived, timeout)
            items = list(self._items)
            self._items.clear()
            return items
