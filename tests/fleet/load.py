"""Requests to a web host's nginx, each with an id of its own, and which of them were answered."""

import re
import socket
import threading
import time

from fleet.namespace import enter

ID = re.compile(rb"[?]id=(\w+-\d{9}) ")
_REQUEST = b"GET /item/%d?id=%b-%09d HTTP/1.1\r\nHost: %b\r\nUser-Agent: load\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK"
_TICK = 0.05
_PATIENCE = 5.0


class Load(threading.Thread):
    """A client in the web host's own network, so that a cut cable stops flumec and not the load.

    It sends a burst on one connection, twenty times a second, and counts the answers. When the host
    dies it begins anew once that is back; a request without an answer is never sent again.
    """

    def __init__(self, host: str, namespace: str, rate: int) -> None:
        super().__init__(daemon=True, name=f"load of {host}")
        self._host = host.encode()
        self._namespace = namespace
        self._burst = max(1, round(rate * _TICK))
        self._over = threading.Event()
        self._serial = 0
        self.answered: list[range] = []
        self.count = 0
        self.broken = 0

    def run(self) -> None:
        while not self._over.is_set():
            try:
                enter(self._namespace)
                with socket.create_connection(("127.0.0.1", 80), _PATIENCE) as connection:
                    self._send(connection)
            except OSError:
                self.broken += 1
                self._over.wait(0.2)

    def stop(self) -> None:
        """Send no more; what was sent is answered first."""
        self._over.set()
        self.join()

    def ids(self) -> set[bytes]:
        """Return the ids of all requests that were answered."""
        return {b"%b-%09d" % (self._host, number) for part in self.answered for number in part}

    def _send(self, connection: socket.socket) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            first, self._serial = self._serial, self._serial + self._burst
            connection.sendall(
                b"".join(
                    _REQUEST % (number % 97, self._host, number, self._host)
                    for number in range(first, self._serial)
                )
            )
            self._receive(connection, first)
            due = max(due + _TICK, time.monotonic() - _TICK)  # late is late, not a larger burst
            self._over.wait(max(0.0, due - time.monotonic()))

    def _receive(self, connection: socket.socket, first: int) -> None:
        """Count answers until the burst is answered or the connection broke."""
        received, answers = bytearray(), 0
        try:
            while answers < self._burst:
                block = connection.recv(1 << 16)
                if not block:
                    raise ConnectionResetError
                received += block
                answers = received.count(_ANSWER)
        finally:
            self.answered.append(range(first, first + answers))
            self.count += answers
