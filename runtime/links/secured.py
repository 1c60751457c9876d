"""A socket that speaks TLS, with the words of a plain one.

The standard library's SSLSocket makes a system call or two for each record of 16 KiB, and is not
safe for a thread that reads beside one that writes. So TLS works on memory here, under a lock that
is never held while anything is waited for, and the socket is read and written in large pieces.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any

from flumec.runtime.clock import Clock
from flumec.runtime.links.faults import Disconnected, Unproven
from flumec.runtime.tls.explaining import NO_TLS, explain

PIECE = 256 * 1024
"""Bytes that are read from the socket, and encrypted for it, at once."""
LINGER = 1.0
"""Seconds that an end which has said no waits for the other to have heard it."""
FIRST_BYTE = 0x16
"""What TLS begins with."""


class Secured:
    """One end of a TLS connection. One thread may receive while another sends.

    An end of the stream without TLS's own goodbye is an end: a message has its length, and a link
    its Bye, so what was cut off shows.
    """

    def __init__(self, raw: socket.socket, tls: ssl.SSLContext, name: str | None = None) -> None:
        """Speak over a connected socket: as a client with who must be at the other end, `name`."""
        self._raw = raw
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(
            self._arrived, self._leaving, server_side=name is None, server_hostname=name
        )
        self._lock = threading.Lock()
        self._piece = memoryview(bytearray(PIECE))
        self._unsent = memoryview(b"")
        self._taken = 0
        self._listens = name is None
        self._begun = self._plain = False

    @property
    def names(self) -> frozenset[str] | None:
        """Whom the other end's certificate names, in lower case; empty if it has shown none.

        None for a client that does not speak TLS: it is heard, so that it can be told why not.
        """
        if self._plain:
            return None
        shown: dict[str, Any] = self._tls.getpeercert() or {}
        said = shown.get("subjectAltName", ())
        return frozenset(_name(kind, value) for kind, value in said)

    def handshake(self, deadline: float, clock: Clock, stopping: Callable[[], bool]) -> None:
        """Prove who this end is, and have the other do so; raise Unproven, Disconnected."""
        try:
            while not self._shaken():
                self._flush()
                self._await(deadline, clock, stopping)
                if self._plain:
                    return
            self._flush()
        except ssl.SSLError as error:
            self._refuse(deadline, clock)
            raise Unproven(explain(error), error) from None
        except ConnectionError:
            raise Unproven(f"it broke the connection off. If it stays so, {NO_TLS}") from None
        except OSError as error:
            raise Disconnected(str(error.strerror or error)) from None

    def recv_into(self, target: memoryview) -> int:
        """Receive into `target` what there is, at least a byte; 0 at the end, or TimeoutError."""
        while True:
            if count := self._decrypted(target):
                return count
            count = self._raw.recv_into(self._piece)
            if not count:
                return 0
            with self._lock:
                self._arrived.write(self._piece[:count])

    def sendmsg(self, parts: Sequence[memoryview]) -> int:
        """Send a piece of the parts and return its size.

        After TimeoutError the caller comes again with the same parts: what was encrypted of them
        goes out first, and counts then.
        """
        if self._plain:
            return self._raw.sendmsg(parts)
        if not self._unsent:
            self._taken = self._encrypt(parts)
        self._flush()
        taken, self._taken = self._taken, 0
        return taken

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Set an option of the socket."""
        self._raw.setsockopt(level, option, value)

    def settimeout(self, seconds: float) -> None:
        """Let no call wait for longer."""
        self._raw.settimeout(seconds)

    def getpeername(self) -> tuple[str, int]:
        """Return the other end's address."""
        host, port = self._raw.getpeername()[:2]
        return host, port

    def shutdown(self, how: int) -> None:
        """End the connection now, whatever is on its way."""
        self._raw.shutdown(how)

    def close(self) -> None:
        """Give the socket back."""
        self._raw.close()

    def _shaken(self) -> bool:
        """Take a step of the handshake; say whether it was the last."""
        with self._lock:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                return False
        return True

    def _await(self, deadline: float, clock: Clock, stopping: Callable[[], bool]) -> None:
        while True:
            if stopping():
                raise Disconnected("this end stops")
            if clock.monotonic() >= deadline:
                raise Unproven("it took too long over the beginning of TLS")
            try:
                count = self._raw.recv_into(self._piece)
            except TimeoutError:
                continue
            if not count:
                raise Unproven(
                    f"it ended the connection in the beginning of TLS. If it stays so, {NO_TLS}"
                )
            self._plain = self._listens and not self._begun and self._piece[0] != FIRST_BYTE
            self._begun = True
            with self._lock:
                self._arrived.write(self._piece[:count])
            return

    def _refuse(self, deadline: float, clock: Clock) -> None:
        """Say no, and read until the other end has gone: a socket closed at once may swallow it."""
        try:
            self._flush()
            self._raw.shutdown(socket.SHUT_WR)
            until = min(deadline, clock.monotonic() + LINGER)
            while clock.monotonic() < until and self._raw.recv_into(self._piece):
                pass
        except OSError:
            return

    def _decrypted(self, target: memoryview) -> int:
        """Fill `target` with what has arrived whole, as far as it goes."""
        filled = 0
        if self._plain:
            return _moved(self._arrived, target)
        read: Any = self._tls.read
        with self._lock:
            try:
                while filled < len(target):
                    filled += read(len(target) - filled, target[filled:])
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                raise Disconnected("the other end closed the connection") from None
            except ssl.SSLError as error:
                raise Unproven(explain(error), error) from None
        return filled

    def _encrypt(self, parts: Sequence[memoryview]) -> int:
        """Encrypt up to a piece of the parts, a record at a time; return how much of them it is."""
        taken = 0
        with self._lock:
            for part in parts:
                at = 0
                while at < len(part) and taken < PIECE:
                    count = self._tls.write(part[at:])
                    at, taken = at + count, taken + count
        return taken

    def _flush(self) -> None:
        """Send all that is encrypted."""
        while True:
            if not self._unsent:
                with self._lock:
                    self._unsent = memoryview(self._leaving.read())
                if not self._unsent:
                    return
            count = self._raw.send(self._unsent)
            self._unsent = self._unsent[count:]


def _name(kind: str, value: str) -> str:
    """Return a name as a certificate has it, addresses in their one spelling."""
    return str(ipaddress.ip_address(value.strip())) if kind == "IP Address" else value.lower()


def _moved(source: ssl.MemoryBIO, target: memoryview) -> int:
    data = source.read(len(target))
    target[: len(data)] = data
    return len(data)
