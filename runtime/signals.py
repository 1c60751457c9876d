"""SIGTERM and SIGINT: the first asks for an orderly end, a second ends the process at once."""

import os
import signal
import threading
from collections.abc import Callable

from flumec.runtime import logs
from flumec.runtime.messages.agent import EndedAtOnce

ENDING = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """Waits for signals on a thread of its own, so that none interrupts a component's work.

    They are blocked everywhere else; make this before any other thread, which then inherits that.
    """

    def __init__(self) -> None:
        self.told: signal.Signals | None = None
        """The signal that asked for the end."""
        self._heard: Callable[[], None] = lambda: None
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        threading.Thread(target=self._listen, name="signals", daemon=True).start()

    def on_told(self, heard: Callable[[], None]) -> None:
        """Call `heard` once the end is asked for, at once if it already was."""
        self._heard = heard
        if self.told is not None:
            heard()

    def _listen(self) -> None:
        self.told = signal.Signals(signal.sigwait(ENDING))
        self._heard()
        again = signal.Signals(signal.sigwait(ENDING))
        logs.of("agent").warning(EndedAtOnce(signal=again.name))
        os._exit(128 + again)
