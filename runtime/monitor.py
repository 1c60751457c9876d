"""The agent's local port: /metrics, /metrics.json, /healthz and /readyz, on a loopback address."""

import ipaddress
import json
import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from flumec.runtime import flume_json, logs
from flumec.runtime.metrics import Prometheus, Reading

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SOCKET = "metrics"
"""The name of the socket that a service manager may pass."""


def address_for(agent_address: str) -> str:
    """Return where to listen: the agent's own loopback address if it has one, else 127.0.0.1."""
    try:
        loopback = ipaddress.ip_address(agent_address).is_loopback
    except ValueError:  # a name; it may resolve to anything, and metrics stay on the machine
        loopback = False
    return agent_address if loopback else "127.0.0.1"


class Monitor:
    """Serves readings of the agent until it is closed, on threads of its own."""

    def __init__(
        self,
        listener: socket.socket,
        read: Callable[[], Reading],
        overdue: Callable[[], Mapping[str, float]],
        consumers: Mapping[str, str],
    ) -> None:
        self._read = read
        self._overdue = overdue
        self._consumers = consumers
        self._server = _Server(listener, self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop serving; a request under way is finished."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, accept: str) -> tuple[HTTPStatus, str, bytes]:
        """Return status, content type and body for a path."""
        match path:
            case "/metrics":
                from prometheus_client.exposition import choose_encoder

                encoder, content = choose_encoder(accept)
                return HTTPStatus.OK, content, encoder(self._registry)
            case "/metrics.json":
                text = flume_json.render(self._read(), self._consumers)
                return HTTPStatus.OK, "application/json", text.encode()
            case "/healthz":
                return self._verdict(
                    {f: f"silent for {s:.0f}s" for f, s in self._overdue().items()}
                )
            case "/readyz":
                reading = self._read()
                serving = reading.ready and not reading.stopping
                waiting = {} if serving else {"agent": "it is starting or stopping"}
                return self._verdict(waiting | reading.failing)
        known = "/metrics, /metrics.json, /healthz and /readyz are here\n"
        return HTTPStatus.NOT_FOUND, "text/plain", known.encode()

    @cached_property
    def _registry(self) -> "CollectorRegistry":
        """Made at the first scrape: its library takes a tenth of an agent's start."""
        from prometheus_client import CollectorRegistry, ProcessCollector

        registry = CollectorRegistry()
        registry.register(Prometheus(self._read))
        ProcessCollector(registry=registry)
        return registry

    @staticmethod
    def _verdict(reasons: Mapping[str, str]) -> tuple[HTTPStatus, str, bytes]:
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        body = json.dumps({"ok": not reasons, "reasons": dict(reasons)}) + "\n"
        return status, "application/json", body.encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, monitor: Monitor) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.monitor = monitor

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 its protocol
        """Say what went wrong with a request in one line; a client that hangs up is no news."""
        error = sys.exception()
        assert error is not None
        level = logging.DEBUG if isinstance(error, ConnectionError) else logging.WARNING
        logs.of(SOCKET).log(level, "a request was not answered: %s", logs.reason(error))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status, content, body = self.server.monitor.answer(path, self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Scrapes are no news."""
