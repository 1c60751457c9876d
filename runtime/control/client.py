"""Asking a running agent, by its state directory or by its local port."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flumec.runtime.control.place import NAME, connect

PATIENCE = 10.0
"""Seconds that an answer may take to come, or to go on."""


class Unreachable(Exception):  # noqa: N818 it reads as what happened
    """No agent answers there; the message says why and what to do."""


class Refused(Exception):  # noqa: N818 it reads as what happened
    """The agent did not do what was asked; the message is its own."""


class Client:
    """One agent. Each question is a connection of its own.

    `state` is the agent's state directory, or `address` its (host, port) of /metrics, which shows
    and changes nothing.
    """

    def __init__(
        self, state: Path | None = None, *, address: tuple[str, int] | None = None
    ) -> None:
        assert (state is None) is not (address is None)
        self._state = state
        self._address = address

    @property
    def state(self) -> Path | None:
        """The agent's state directory; None of one that is asked at its port."""
        return self._state

    def get(self, path: str) -> Any:
        """Return what is shown at a path; raise Unreachable or Refused."""
        return self._whole("GET", path, None)

    def post(self, path: str, body: Any = None) -> Any:
        """Have something done; raise Unreachable or Refused. Bytes go as they are."""
        return self._whole("POST", path, body)

    def lines(self, path: str, body: Any = None, method: str = "GET") -> Iterator[Any]:
        """Yield the JSON lines of an answer as they come; None for each sign of life between."""
        connection, response = self._ask(method, path, body)
        try:
            for line in response:
                yield json.loads(line) if line.strip() else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()

    def _whole(self, method: str, path: str, body: Any) -> Any:
        connection, response = self._ask(method, path, body)
        try:
            return json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()

    def _ask(
        self, method: str, path: str, body: Any
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = self._connection()
        try:
            content = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(method, path, content, {"Accept": "application/json"})
            response = connection.getresponse()
            reason = _reason(response) if response.status >= 400 else ""
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from None
        if reason:
            connection.close()
            raise Refused(reason)
        return connection, response

    def _connection(self) -> http.client.HTTPConnection:
        if self._address is not None:
            return http.client.HTTPConnection(*self._address, timeout=PATIENCE)
        assert self._state is not None
        return _Local(self._state)

    def _unreachable(self, error: Exception) -> Unreachable:
        if self._address is not None:
            where, name = "{}:{}".format(*self._address), "its `metrics_port` there"
        else:
            where, name = str(self._state), f"its socket `{NAME}` there"
        why = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        match error:
            case FileNotFoundError() | ConnectionRefusedError():
                what = f"no agent runs at {where}, or it is still reading its journal"
            case PermissionError():
                what = f"the agent at {where} is another user's: ask as that user, or as root"
            case TimeoutError():
                what = f"the agent at {where} did not answer within {PATIENCE:.0f} s"
            case _:
                what = f"no answer from {where} by {name}: {why}"
        return Unreachable(what)


class _Local(http.client.HTTPConnection):
    """A connection to a state directory's socket."""

    def __init__(self, state: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._state = state

    def connect(self) -> None:
        """Connect; http.client calls it before the request."""
        self.sock: socket.socket = connect(self._state, PATIENCE)


def _reason(response: http.client.HTTPResponse) -> str:
    """Return the agent's own words."""
    raw = response.read(1 << 20)
    try:
        return str(json.loads(raw)["error"])
    except (ValueError, KeyError, TypeError):
        return f"it answered {response.status} {response.reason}"
