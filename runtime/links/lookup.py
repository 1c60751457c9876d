"""Looking up a name, without waiting for a name server longer than there is time."""

import socket
import threading
from collections.abc import Callable

from flumec.runtime.clock import Clock
from flumec.runtime.links.faults import Disconnected

GLANCE = 0.25
"""Seconds of one wait, after which it looks whether it is to stop."""

Target = tuple[int, tuple[object, ...]]
"""An address family, and what `connect` takes."""


class _Question:
    """A name being looked up; the resolver can be neither hurried nor stopped."""

    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port
        self._targets: list[Target] = []
        self._error: OSError | None = None
        self.answered = threading.Event()
        threading.Thread(target=self._ask, name="link-lookup", daemon=True).start()

    def _ask(self) -> None:
        try:
            found = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
            self._targets = [(family, target) for family, _, _, _, target in found]
        except OSError as error:
            self._error = error
        except UnicodeError:  # a part that is empty or longer than 63 characters
            self._error = socket.gaierror(socket.EAI_NONAME, "not a name that can exist")
        self.answered.set()

    def answer(self) -> list[Target]:
        if self._error is not None:
            raise self._error
        return self._targets


class Lookup:
    """Finds the addresses of one name, which is asked for again at each call.

    A question that is not answered in time is still open: the next call waits for its answer, so
    that there is never more than one thread that waits for a name server.
    """

    def __init__(self, name: str, port: int, clock: Clock) -> None:
        self._name = name
        self._port = port
        self._clock = clock
        self._open: _Question | None = None

    def targets(self, deadline: float, stopping: Callable[[], bool]) -> list[Target]:
        """Return the addresses, best first.

        Raise OSError if there are none or no answer by `deadline`, Disconnected once `stopping`.
        """
        question = self._open = self._open or _Question(self._name, self._port)
        while not question.answered.is_set():
            left = deadline - self._clock.monotonic()
            if stopping():
                raise Disconnected("this end stops")
            if left <= 0:
                raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer")
            self._clock.wait(question.answered, min(left, GLANCE))
        self._open = None
        return question.answer()
