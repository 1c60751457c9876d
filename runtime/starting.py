"""Asking the manager for more time while a long recovery moves."""

import threading
import time
from types import TracebackType
from typing import Self

from flumec.runtime.clock import Clock
from flumec.runtime.notify import Notifier

EVERY = 10.0
MORE = 60.0
"""Seconds between two requests, and the seconds that each asks for."""

LEAST_WORK = 0.01
"""CPU seconds in `EVERY` that count as moving: a recovery that hangs is not prolonged."""


class Starting:
    """While it is entered, EXTEND_TIMEOUT_USEC is sent as long as this process computes."""

    def __init__(self, notifier: Notifier, clock: Clock, every: float = EVERY) -> None:
        self._notifier = notifier
        self._clock = clock
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="starting", daemon=True)

    def __enter__(self) -> Self:
        if self._notifier.heard:
            self._notifier.send({"STATUS": "reading its journal"})
            self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._done.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _ask(self) -> None:
        before = time.process_time()
        while not self._clock.wait(self._done, self._every):
            now = time.process_time()
            if now - before >= LEAST_WORK:
                self._notifier.send({"EXTEND_TIMEOUT_USEC": f"{MORE * 1e6:.0f}"})
            before = now
