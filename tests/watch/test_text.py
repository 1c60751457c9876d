"""What `status` and `top` say of a channel follows from who reads it."""

from datetime import UTC, datetime
from typing import Any

from flumec.runtime.control.client import Client
from flumec.runtime.live.find import Live
from flumec.runtime.live.text import lines, rows


def agent(**empties: str) -> Live:
    """Return an agent whose channel `late` holds three events."""
    channel: dict[str, Any] = {
        "in": 0.0, "out": 0.0, "held": 3, "held_bytes": 60, "size": 1024, "lag": 7.0,
        "dropped": 0, "dead_lettered": 0,
    }  # fmt: skip
    state = {
        "up": 60.0, "pid": 4711, "ready": True, "stopping": False, "parts": {},
        "channels": {"late": channel},
        "wiring": {"feeds": {}, "empties": empties, "links_in": {}, "links_out": {}},
    }  # fmt: skip
    return Live("web-1/tailer", Client(address=("127.0.0.1", 1)), state)


def test_who_is_behind_is_said_where_somebody_reads() -> None:
    _, said = lines([agent(out="late")], datetime.now(UTC))
    assert said == "  late  in 0/s, out 0/s; 3 events, 60B of 1.0KiB (6%), 7.0s behind"
    ((*_, behind, emptied_by),) = rows([agent(out="late")])
    assert (behind, emptied_by) == ("7.0s", "out")


def test_where_nobody_reads_nobody_is_behind() -> None:
    _, said = lines([agent()], datetime.now(UTC))
    assert said == "  late  in 0/s, out 0/s; 3 events, 60B of 1.0KiB (6%), nobody reads it"
    ((*_, behind, emptied_by),) = rows([agent()])
    assert (behind, emptied_by) == ("-", "nobody")
