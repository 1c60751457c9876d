"""Routes on a listening socket, TCP or Unix, with a thread for each client."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flumec.runtime import logs
from flumec.runtime.control.routes import Answer, Refusal, Routes, as_json
from flumec.runtime.messages.agent import NotAnswered

LARGEST_BODY = 1 << 20
"""Bytes that a request may carry."""


class Server:
    """Serves routes until it is closed, on threads of its own."""

    def __init__(self, name: str, listener: socket.socket, routes: Routes) -> None:
        self._server = _Server(name, listener, routes)
        threading.Thread(target=self._server.serve_forever, name=name, daemon=True).start()

    def close(self) -> None:
        """Take no more connections; a request under way is finished."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, name: str, listener: socket.socket, routes: Routes) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.name = name
        self.routes = routes

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 its protocol
        """Say what went wrong with a request in one line; a client that hangs up is no news."""
        error = sys.exception()
        assert error is not None
        if not isinstance(error, ConnectionError):
            logs.of(self.name).warning(NotAnswered(reason=logs.reason(error)))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        try:
            body = self._body(self.server.routes.raw(method, self.path))
        except Refusal as refusal:
            self.close_connection = True  # what follows may be the rest of the body
            self._send(as_json({"error": str(refusal)}, refusal.status))
            return
        accept = self.headers.get("Accept", "")
        self._send(self.server.routes.answer(method, self.path, accept, body))

    def _body(self, raw: int) -> Any:
        """Return the request's JSON, None without a body; the bytes where those are taken."""
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdecimal():
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "a body needs its Content-Length")
        largest = raw or LARGEST_BODY
        if int(length) > largest:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {largest} bytes"
            )
        data = self.rfile.read(int(length))
        if raw:
            return data
        try:
            return json.loads(data) if data else None
        except ValueError:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body must be JSON") from None

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content)
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._send_pieces(answer.body)

    def _send_pieces(self, pieces: Iterator[bytes]) -> None:
        """Send pieces as they come; whatever happens, their maker hears of the end."""
        try:
            for piece in pieces:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        finally:
            if close := getattr(pieces, "close", None):
                close()

    def log_message(self, *_: Any) -> None:
        """Requests are no news."""
