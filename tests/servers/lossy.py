"""A proxy before an HDFS that loses what it is told to: a request, its answer, half of its body."""

import contextlib
import http.client
import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import urlsplit

Fault = Literal["request", "answer", "body", "end"]
"""The end of a body is lost as by a proxy that takes half for all; both ends think all is well."""

Choose = Callable[[int, str], Fault | None]
"""What goes wrong with the n-th request (from 1): `PUT RENAME`, `PUT CREATE content`, …"""

_BLOCK = 1 << 16


class Lossy:
    """Stands before a NameNode, and before the DataNodes that it sends its clients to."""

    def __init__(self, namenode: str) -> None:
        self._servers: list[ThreadingHTTPServer] = []
        self._before: dict[str, str] = {}
        self._lock = threading.Lock()
        self.choose: Choose = lambda n, verb: None
        self.seen: list[str] = []
        self.address = f"http://{self._stand_before(urlsplit(namenode).netloc)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def lose(self, choose: Choose) -> None:
        """Count anew from now on."""
        with self._lock:
            self.seen, self.choose = [], choose

    def fault(self, verb: str) -> Fault | None:
        with self._lock:
            self.seen.append(verb)
            return self.choose(len(self.seen), verb)

    def through_us(self, location: str) -> str:
        """Return a redirection's target by way of this proxy."""
        there = urlsplit(location)
        with self._lock:
            if there.netloc not in self._before:
                self._before[there.netloc] = self._stand_before(there.netloc)
        return there._replace(netloc=self._before[there.netloc]).geturl()

    def _stand_before(self, upstream: str) -> str:
        handler = type("Handler", (_Handler,), {"lossy": self, "upstream": upstream})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._servers.append(server)
        return f"127.0.0.1:{server.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    lossy: Lossy
    upstream: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _pass_on(self) -> None:
        operation = re.search(r"[?&]op=(\w+)", self.path)
        length = int(self.headers.get("Content-Length") or 0)
        content = " content" * (length > 0)
        fault = self.lossy.fault(f"{self.command} {operation[1] if operation else '?'}{content}")
        if fault == "request" or (fault == "body" and not length):
            return self._drop()
        server = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            server.putrequest(self.command, self.path, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in {"host", "accept-encoding", "connection", "content-length"}:
                    server.putheader(name, value)
            left = length // 2 if fault in {"body", "end"} else length
            server.putheader("Content-Length", str(left if fault == "end" else length))
            server.endheaders()
            while left:
                block = self.rfile.read(min(_BLOCK, left))
                server.send(block)
                left -= len(block)
            if fault == "body":
                return self._drop()
            self.rfile.read(length // 2 + length % 2 if fault == "end" else 0)
            return self._answer(server.getresponse(), lost=fault == "answer")
        except (OSError, http.client.HTTPException):
            return self._drop()
        finally:
            server.close()

    def _answer(self, answer: http.client.HTTPResponse, *, lost: bool) -> None:
        content = answer.read()
        if lost:
            return self._drop()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() == "location":
                self.send_header(name, self.lossy.through_us(value))
            elif name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return None

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815 the names that it calls
