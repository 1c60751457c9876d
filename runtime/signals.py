"""SIGTERM and SIGINT: the first asks for an orderly end, a second ends the process at once."""

import os
import signal
import threading
from collections.abc import Callable

from flumec.runtime import logs
from flumec.runtime.messages.agent import EndedAtOnce

ENDING = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """Hears of signals on a thread of its own, so that none interrupts a component's work.

    They are not blocked: a library may have threads of its own before this is made, and one that
    does not block a signal would end the process by it. Make this in the main thread.
    """

    def __init__(self) -> None:
        self.told: signal.Signals | None = None
        """The signal that asked for the end."""
        self._heard: Callable[[], None] = lambda: None
        self._bell, bell = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(bell, False)
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, lambda *_: None)
        threading.Thread(target=self._listen, name="signals", daemon=True).start()

    def on_told(self, heard: Callable[[], None]) -> None:
        """Call `heard` once the end is asked for, at once if it already was."""
        self._heard = heard
        if self.told is not None:
            heard()

    def _listen(self) -> None:
        self.told = self._next()
        self._heard()
        again = self._next()
        logs.of("agent").warning(EndedAtOnce(signal=again.name))
        os._exit(128 + again)

    def _next(self) -> signal.Signals:
        """Return the next signal; whichever thread the kernel gave it to, it is written here."""
        while (number := os.read(self._bell, 1)[0]) not in ENDING:
            pass
        return signal.Signals(number)
