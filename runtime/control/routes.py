"""What can be asked of an agent: methods and paths, and who answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from flumec.runtime.frozen import frozen


class Refusal(Exception):  # noqa: N818 it reads as what happened
    """A request is not done; the message says why and what to do, and reaches who asked."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@frozen
class Request:
    """What was asked: `names` are the path's parts in braces.

    `body` is JSON, None without one; bytes where a route takes them raw.
    """

    names: Mapping[str, str]
    query: Mapping[str, str]
    accept: str
    body: Any

    def field(self, name: str, kind: type, default: Any) -> Any:
        """Return a value of the body's object, `default` without it; refuse one of another kind."""
        found = self.body.get(name, default) if isinstance(self.body, dict) else default
        kinds = (int, float) if kind is float else kind
        if isinstance(found, bool) is not (kind is bool) or not isinstance(found, kinds):
            if found is default:
                return default
            raise Refusal(HTTPStatus.BAD_REQUEST, f"`{name}` must be a {kind.__name__}")
        return found

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a number of the query, `default` without it; refuse one that is out of bounds."""
        text = self.query.get(name, str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise Refusal(
                HTTPStatus.BAD_REQUEST, f"`{name}` must be a number from {least} to {most}"
            )
        return int(text)


@frozen
class Answer:
    """Status, content type, and a body; one that is made piece by piece is sent in chunks."""

    body: bytes | Iterator[bytes]
    status: HTTPStatus = HTTPStatus.OK
    content: str = "application/json"


Handler: TypeAlias = Callable[[Request], Answer]


def as_json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return a value as an answer."""
    return Answer((json.dumps(value) + "\n").encode(), status)


class Routes:
    """Handlers by method and path. A path's part in braces stands for any one part.

    >>> routes = Routes()
    >>> routes.add("GET", "/sinks/{name}", lambda request: as_json(dict(request.names)))
    >>> json.loads(routes.answer("GET", "/sinks/out?x=1").body)
    {'name': 'out'}
    """

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._shown: set[str] = set()
        self._raw: dict[tuple[str, str], int] = {}

    def add(
        self, method: str, path: str, handler: Handler, *, shown: bool = False, raw: int = 0
    ) -> None:
        """Answer `method` at `path`; `shown` ones change nothing and tell no event's content.

        Only these are on the agent's local port, which every user of the machine can reach. With
        `raw` a body of up to so many bytes is taken as it is, which JSON is too small for.
        """
        assert (method, path) not in self._handlers, f"{method} {path} is taken"
        assert method == "GET" or not shown, f"{path}: what is shown is read"
        self._handlers[method, path] = handler
        if shown:
            self._shown.add(path)
        if raw:
            self._raw[method, path] = raw

    def only_shown(self) -> "Routes":
        """Return the routes that everybody may ask."""
        routes = Routes()
        for (method, path), handler in self._handlers.items():
            if path in self._shown and method == "GET":
                routes.add(method, path, handler, shown=True)
        return routes

    def raw(self, method: str, target: str) -> int:
        """Return how many bytes a request may carry that are not JSON, 0 where they must be."""
        path = urlsplit(target).path
        takes = (m for (known, at), m in self._raw.items() if known == method and _fits(at, path))
        return next(takes, 0)

    def answer(self, method: str, target: str, accept: str = "", body: Any = None) -> Answer:
        """Answer a request; what is refused is answered with the reason as `error`."""
        parts = urlsplit(target)
        allowed = []
        for (known, path), handler in self._handlers.items():
            if (names := _match(path, parts.path)) is None:
                continue
            if known == method:
                request = Request(names, dict(parse_qsl(parts.query)), accept, body)
                try:
                    return handler(request)
                except Refusal as refusal:
                    return as_json({"error": str(refusal)}, refusal.status)
            allowed.append(known)
        if allowed:
            message = f"{method} is not possible at {parts.path}: {' or '.join(allowed)} is"
            return as_json({"error": message}, HTTPStatus.METHOD_NOT_ALLOWED)
        here = ", ".join(dict.fromkeys(path for _, path in self._handlers))
        return as_json({"error": f"nothing is at {parts.path}; here are {here}"}, HTTPStatus(404))


def _fits(pattern: str, path: str) -> bool:
    return _match(pattern, path) is not None


def _match(pattern: str, path: str) -> dict[str, str] | None:
    """Return what stands for the names in braces, None where the path is another."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    names = {}
    for want, have in zip(wanted, given, strict=True):
        if want.startswith("{"):
            names[want.strip("{}")] = unquote(have)
        elif want != have:
            return None
    return names
