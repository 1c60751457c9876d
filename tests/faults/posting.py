"""Clients that post events until they hear 200, repeat what was stored, and send copies."""

import http.client
import json
import random
import threading
import time

from faults.traffic import KINDS, line_of

CLIENTS = "abcd"
_PATIENCE = 10.0
_COPIES = 0.25
_REPEATS = 0.2


def original(line: bytes) -> bytes:
    """Return the line that this one is a copy of; clients' copies are in capitals."""
    return line[:1].lower() + line[1:]


def originals(written: list[bytes]) -> list[bytes]:
    """Return the lines that are no copies."""
    return [line for line in written if line[:1].islower()]


class Posting:
    """Several clients at once, each with requests of its own, one after the other.

    A request is repeated under its id until it is answered 200; some are once more after it, as by
    a client that did not hear it. Now and then the same events are posted by another request: those
    are copies, and only who looks at their ids can tell.
    """

    def __init__(self, port: int, seed: int) -> None:
        self.written: list[bytes] = []
        self._port = port
        self._go = threading.Event()
        self._over = threading.Event()
        self._gone = threading.Event()
        self._clients = [
            threading.Thread(target=self._live, args=(name, random.Random(f"{seed}{name}")))
            for name in CLIENTS
        ]
        for client in self._clients:
            client.start()

    def burst(self, most: int) -> None:
        """Have the clients post, as fast as they can."""
        del most
        self._go.set()

    def hold(self) -> None:
        """Have them begin no more requests for now."""
        self._go.clear()

    def finish(self) -> None:
        """Begin no more requests."""
        self._over.set()
        self._go.set()

    @property
    def finished(self) -> bool:
        """Whether every request was answered 200."""
        return not any(client.is_alive() for client in self._clients)

    def close(self) -> None:
        """End the clients, whatever they wait for."""
        self._gone.set()
        self.finish()
        for client in self._clients:
            client.join()

    def _live(self, name: str, chance: random.Random) -> None:
        number = turn = 0
        while self._go.wait() and not self._over.is_set():
            turn += 1
            lines = []
            for _ in range(chance.randint(1, 150)):
                number += 1
                lines.append(line_of(name, number, chance.choice(KINDS)))
            self._deliver(lines, f"{name}-{turn}", again=chance.random() < _REPEATS)
            if chance.random() < _COPIES:
                copies = [line[:1].upper() + line[1:] for line in lines]
                self._deliver(copies, f"{name}-{turn}-copies", again=False)

    def _deliver(self, lines: list[bytes], request: str, *, again: bool) -> None:
        """Post until it is answered 200, and perhaps once more."""
        self.written += lines
        events = [_event(line.decode()) for line in lines]
        while not self._gone.is_set() and self._post(events, request) != 200:
            time.sleep(0.03)
        if again:
            self._post(events, request)

    def _post(self, events: list[object], request: str) -> int:
        """Return the answer's status; 0 when there was none."""
        client = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        headers = {"Content-Type": "application/json", "Idempotency-Key": request}
        try:
            client.request("POST", "/", json.dumps(events), headers)
            return client.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            client.close()


def _event(line: str) -> object:
    source, number, kind, _ = line.split(" ", 3)
    headers = {"kind": kind.removeprefix("kind="), "id": f"{source.lower()}{number}"}
    return {"headers": headers, "body": line.removesuffix("\n")}
