"""Clients of the collectors: they knock at every port, and post events until these are answered."""

import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass

from fleet.namespace import enter

_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt to be served."""

    at: float
    host: str
    port: int
    outcome: str
    """`served`, `refused`, `silent`, `broken` or an HTTP status."""
    seconds: float


class Client(threading.Thread):
    """One that tries again and again, from the switch: cuts between hosts do not concern it."""

    def __init__(self, namespace: str, host: str, address: str, port: int, every: float) -> None:
        super().__init__(daemon=True, name=f"client of {host}:{port}")
        self.host, self.address, self.port = host, address, port
        self._namespace = namespace
        self._every = every
        self._over = threading.Event()
        self.attempts: list[Attempt] = []

    def run(self) -> None:
        enter(self._namespace)
        while not self._over.wait(self._every):
            self.once()

    def stop(self) -> None:
        self._over.set()
        self.join()

    def once(self) -> None:
        raise NotImplementedError

    def note(self, began: float, outcome: str) -> None:
        seconds = time.monotonic() - began
        self.attempts.append(Attempt(began, self.host, self.port, outcome, seconds))


class Knocker(Client):
    """Connects, and goes away again."""

    def once(self) -> None:
        began = time.monotonic()
        try:
            socket.create_connection((self.address, self.port), _PATIENCE).close()
            self.note(began, "served")
        except OSError as error:
            self.note(began, _outcome(error))


class Poster(Client):
    """Posts an event, and repeats it with its key until it is answered 200."""

    def __init__(self, namespace: str, host: str, address: str, port: int, every: float) -> None:
        super().__init__(namespace, host, address, port, every)
        self._serial = 0
        self.answered: list[str] = []
        self.given_up: list[str] = []
        """Not answered when the campaign was over: they may be stored."""
        self.waits: list[tuple[float, float]] = []
        """When an event was first posted, and how long it took until it was answered."""

    def until_answered(self, count: int, seconds: float = 60.0) -> None:
        """Wait until so many events have been answered."""
        end = time.monotonic() + seconds
        while len(self.answered) < count:
            assert time.monotonic() < end, f"{len(self.answered)} of {count} were answered"
            time.sleep(0.05)

    def once(self) -> None:
        name, first = f"{self.host}-post-{self._serial:09d}", time.monotonic()
        self._serial += 1
        while not self._post(name):
            if self._over.wait(self._every):
                self.given_up.append(name)
                return
        self.answered.append(name)
        self.waits.append((first, time.monotonic() - first))

    def _post(self, name: str) -> bool:
        began = time.monotonic()
        connection = http.client.HTTPConnection(self.address, self.port, timeout=_PATIENCE)
        try:
            headers = {"Content-Type": "application/json", "Idempotency-Key": name}
            connection.request("POST", "/", json.dumps([{"body": name}]), headers)
            status = connection.getresponse().status
            self.note(began, "served" if status == 200 else str(status))
        except (OSError, http.client.HTTPException) as error:
            self.note(began, _outcome(error))
            return False
        finally:
            connection.close()
        return status == 200


def _outcome(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "silent" if isinstance(error, TimeoutError) else "broken"
