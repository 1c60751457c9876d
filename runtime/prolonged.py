"""Asking the manager for more time while a long recovery, or a long end, moves."""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from flumec.runtime.clock import Clock
from flumec.runtime.notify import Notifier

EVERY = 10.0
MORE = 60.0
"""Seconds between two requests, and the seconds that each asks for."""

LEAST_WORK = 0.01
LEAST_BYTES = 4096
"""CPU seconds in `EVERY`, or bytes to or from files, that count as moving: what hangs is not
prolonged. On a disk that is slow enough there is next to nothing to compute."""

_IO = Path("/proc/self/io")


class Prolonged:
    """While it is entered, EXTEND_TIMEOUT_USEC is sent as long as this process gets on."""

    def __init__(self, notifier: Notifier, clock: Clock, status: str, every: float = EVERY) -> None:
        self._status = status
        self._notifier = notifier
        self._clock = clock
        self._every = every
        self._before = (0.0, 0)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="prolonged", daemon=True)

    def __enter__(self) -> Self:
        if self._notifier.heard:
            self._before = time.process_time(), _moved()
            self._notifier.send({"STATUS": self._status})
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
        while not self._clock.wait(self._done, self._every):
            now, before = (time.process_time(), _moved()), self._before
            if now[0] - before[0] >= LEAST_WORK or now[1] - before[1] >= LEAST_BYTES:
                self._notifier.send({"EXTEND_TIMEOUT_USEC": f"{MORE * 1e6:.0f}"})
            self._before = now


def _moved() -> int:
    """Return how many bytes this process has read and written; see proc_pid_io(5)."""
    try:
        lines = _IO.read_text("ascii").splitlines()
    except OSError:  # a kernel that does not count them
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("rchar:", "wchar:")))
