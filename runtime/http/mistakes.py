"""What is wrong with a request's JSON, in words for the person who wrote the client.

Only requests that were refused come here, so it may take its time: everything is read once more,
without types, and looked through in order.
"""

import json
from collections.abc import Iterator
from typing import Any

MOST_HEADERS = 256
"""The most headers of one event."""

MOST_EVENTS = 100_000
"""The most events of one request: each costs memory, however few bytes it has."""

_EXCERPT = 24
_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}


class Mistake(Exception):  # noqa: N818 the client's, not ours
    """A request is not what it should be; the message says what, where and what was expected."""

    status = 400


class TooMany(Mistake):
    """A request has more events than one may have."""

    status = 413

    def __init__(self) -> None:
        super().__init__(f"the request has more than {MOST_EVENTS:,} events: send fewer")


def find(raw: bytes, fallback: str = "") -> Mistake:
    """Return the first mistake in a request's JSON; `fallback` where none is found."""
    if not raw.strip():
        return Mistake('the request has no body: send a JSON array, [{"headers": {}, "body": ""}]')
    try:
        value = json.loads(raw.decode(), parse_int=float)  # of any number of digits
    except UnicodeDecodeError as error:
        return Mistake(f"byte {error.start} is not UTF-8: send JSON in UTF-8")
    except json.JSONDecodeError as error:
        return Mistake(_syntax(error))
    except RecursionError:
        return Mistake("the JSON is nested too deeply: an event holds strings only")
    return Mistake(next(_mistakes(value), fallback))


def _syntax(error: json.JSONDecodeError) -> str:
    near = error.doc[error.pos : error.pos + _EXCERPT]
    where = f"line {error.lineno}, column {error.colno}"
    rest = f" near {json.dumps(near)}" if near else ", where the text ends"
    what = error.msg.removesuffix(" at")
    return f"this is no JSON: {what[0].lower()}{what[1:]} at {where}{rest}"


def _mistakes(value: Any) -> Iterator[str]:
    if not isinstance(value, list):
        hint = ": put [ and ] around it" if isinstance(value, dict) else ""
        yield f"the request must be an array of events, not {_kind(value)}{hint}"
        return
    for number, event in enumerate(value, 1):
        for mistake in _in_event(event):
            yield f"event {number} of {len(value)}: {mistake}"


def _in_event(event: Any) -> Iterator[str]:
    if not isinstance(event, dict):
        yield f'it must be an object like {{"headers": {{}}, "body": ""}}, not {_kind(event)}'
        return
    for name in event:
        if name not in ("headers", "body"):
            yield f"it has the member {_quoted(name)}; there are only `headers` and `body`"
    headers, body = event.get("headers", {}), event.get("body", "")
    if not isinstance(headers, dict):
        yield f"`headers` must be an object of strings, not {_kind(headers)}"
        return
    if len(headers) > MOST_HEADERS:
        yield f"it has {len(headers)} headers, and {MOST_HEADERS} are the most"
    for name, value in headers.items():
        yield from _in_text(f"header {_quoted(name)}", name, value)
    yield from _in_text("`body`", "", body)


def _in_text(what: str, name: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{what} must be a string, not {_kind(value)}"
    elif not (_whole(name) and _whole(value)):
        yield f"{what} has half of a surrogate pair (\\ud800 to \\udfff), which is no character"


def _whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number")


def _quoted(name: str) -> str:
    """Quote what a client sent, in ASCII and not too long."""
    return json.dumps(name if len(name) <= _EXCERPT else name[:_EXCERPT] + "…")
