"""Whether a sink that gave rows up can deliver again, found out while it has nothing to deliver.

Else its status would say until the next event what may be long repaired. What is tried is all that
a file needs before it is published: it is hidden, written, made durable and removed.
"""

from flumec.runtime.context import SinkContext
from flumec.runtime.output.patience import explain
from flumec.runtime.output.store import Store, Unknown
from flumec.runtime.retry import Backoff

LONGEST = 60.0
"""Seconds between two looks, at most."""


class Doubt:
    """The doubt whether a sink's place can be worked in: it arises, and is resolved."""

    def __init__(self, context: SinkContext) -> None:
        self._context = context
        self._backoff = Backoff(1.0, LONGEST)
        self._next: float | None = None

    def arise(self) -> None:
        """Note that rows were given up."""
        if self._next is None:
            self._next = self._later()

    def resolve(self) -> None:
        """Say that it works again, if there was a doubt."""
        if self._next is not None:
            self._next = None
            self._backoff.reset()
            self._context.fail("")

    def look(self, store: Store) -> None:
        """Try it, if there is a doubt and it is time; raise TakenOver as the store does."""
        if self._next is None or self._context.clock.monotonic() < self._next:
            return
        try:
            _try(store)
        except (OSError, Unknown) as error:
            self._context.fail(explain(error))
            self._next = self._later()
        else:
            self.resolve()

    def _later(self) -> float:
        return self._context.clock.monotonic() + self._backoff.delay()


def _try(store: Store) -> None:
    hidden = store.create()
    try:
        hidden.write([b"\n"])
        hidden.finish()
        store.secure()
    finally:
        hidden.discard()
