"""Events with which something is wrong: no sink can take them, or no frame of a link.

What a sink cannot take kills it, as a row would that its format cannot write: so is poison found.
"""

import random
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from flumec.compiler.world import stage
from flumec.runtime import custody
from flumec.runtime.batch import BODY
from flumec.runtime.custody import Custody
from flumec.runtime.formats.json_lines import JsonLines
from prove.script import Script
from prove.shape import Shape
from prove.ways import Event, Ways, sinks

BULK = 54_000
"""Bytes of chance in a body that is larger, as text, than the smallest frame of a link."""

MERCY = 1_000_000
"""Deaths with one row in hand after which it is to blame, where a kill is all that happens."""

_POISON = b"poison "


def body(event: Event, kind: str = "send") -> bytes:
    """Return what an event says, its name behind what is wrong with it."""
    name = event.name.encode()
    if kind == "poison":
        return _POISON + name
    if kind == "bulk":
        return b64encode(random.Random(event.name).randbytes(BULK)) + b" " + name
    return name


def is_borne(shape: Shape, event: Event) -> bool:
    """Say whether every sink that an event may come to has a place for what it cannot take."""
    return all(
        shape.agent(agent).sink(sink).value("dead_letter") is not None
        for place in Ways(shape).each(event)
        for agent, sink, _ in sinks(place)
    )


@contextmanager
def dying(script: Script) -> Iterator[None]:
    """Have sinks die of poison where a script has some, and no row be blamed for what it is not."""
    if not any(action.kind == "poison" for action in script):
        with patch.object(custody, "DEATHS", MERCY):
            yield
        return
    blamed, payload, events = Custody._blamed, JsonLines.payload, stage._events

    def written(self: JsonLines, batch: Any) -> Any:
        _refuse(batch.column(BODY).to_pylist())
        return payload(self, batch)

    def shown(chunk: Any) -> list[Any]:
        found = events(chunk)
        _refuse([event.body for event in found])
        return found

    with (
        patch.object(Custody, "_blamed", lambda self, at: blamed(self, replace(at, in_hand=False))),
        patch.object(JsonLines, "payload", written),
        patch.object(stage, "_events", shown),
    ):
        yield


def _refuse(bodies: list[bytes]) -> None:
    for each in bodies:
        if each.startswith(_POISON):
            raise ValueError(f"cannot write {each!r}")
