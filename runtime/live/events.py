"""Events that a tap saw, for a person on a terminal."""

import base64
import json
from typing import Any

from flumec.runtime.logs import one_line

_LINE = 16


def shown(event: dict[str, Any]) -> str:
    """Return an event: its headers on a line, its body below; what is no text as hexadecimal.

    >>> print(shown({"row": 7, "headers": {"host": "web-1"}, "size": 2, "body": "hi"}))
    row 7, 2 bytes  host="web-1"
      hi
    """
    row = f"row {event['row']}, " if "row" in event else ""
    headers = " ".join(
        f"{one_line(name)}={one_line(json.dumps(value, ensure_ascii=False))}"
        for name, value in event["headers"].items()
    )
    head = f"{row}{event['size']:,} bytes  {headers}".rstrip()
    body = list(_text(event) if "body" in event else _dump(base64.b64decode(event["body_base64"])))
    return "\n".join([head, *(f"  {line}" for line in body)])


def _text(event: dict[str, Any]) -> list[str]:
    body: str = event["body"]
    cut = len(body.encode()) < event["size"]
    return [one_line(line) for line in (body + "…" * cut).split("\n")]


def _dump(body: bytes) -> list[str]:
    """Return bytes as `xxd` shows them."""
    found = []
    for at in range(0, len(body), _LINE):
        part = body[at : at + _LINE]
        printable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        found.append(f"{at:08x}  {part.hex(' '):<{3 * _LINE}} {printable}")
    return found
