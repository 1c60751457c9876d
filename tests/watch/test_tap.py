"""A tap sees what passes at a point, bounded, and holds nobody up; without one nothing is done."""

import base64
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.batch import encode
from flumec.runtime.clock import SystemClock
from flumec.runtime.control.client import Client, Refused
from flumec.runtime.journal.records import Chunk, Frame
from flumec.runtime.live.events import shown
from flumec.runtime.tap import WAITING, Tap
from test_agent_process import flow

from .conftest import Start, until


def batch(*bodies: bytes) -> pa.RecordBatch:
    return pa.record_batch({"body": pa.array(bodies, pa.binary())})


def test_it_takes_what_is_wanted_and_no_more() -> None:
    tap = Tap(3, SystemClock())
    tap.batch(batch(b"a", b"b"))
    tap.batch(batch(b"c", b"d"))
    tap.batch(batch(b"e"))
    assert [event["body"] for event in tap.events(10) if event] == ["a", "b", "c"]


@pytest.mark.slow
def test_what_would_have_to_wait_is_passed_over() -> None:
    tap = Tap(1_000, SystemClock())
    for number in range(WAITING + 5):
        tap.batch(batch(b"%d" % number))
    events = tap.events(10)
    assert [next(events)["body"] for _ in range(WAITING)] == [str(n) for n in range(WAITING)]  # type: ignore[index]
    assert next(events) is None
    tap.batch(batch(b"later"))
    assert next(events) == {"headers": {}, "size": 5, "body": "later"}


def test_headers_come_from_columns_and_from_the_rest() -> None:
    tap = Tap(2, SystemClock())
    rest = pa.array([[("x", "1")], None], pa.map_(pa.utf8(), pa.utf8()))
    host = pa.array(["web-1", None]).dictionary_encode()
    body = pa.array([b"a", b"b"], pa.binary())
    columns = {"body": body, "h.host": host, "headers": rest}
    tap.frame(Frame(("spool",), 2, encode(pa.record_batch(columns))))
    first, second = tap.events(10)
    assert first == {"headers": {"x": "1", "host": "web-1"}, "size": 1, "body": "a"}
    assert second == {"headers": {}, "size": 1, "body": "b"}


def test_a_consumer_sees_its_rows_from_where_it_reads() -> None:
    tap = Tap(9, SystemClock())
    tap.chunk(Chunk(41, 2, 1, b"", 0, None, encode(batch(b"past", b"a", b"b"))))
    events = tap.events(10)
    assert [(each["row"], each["body"]) for each in (next(events), next(events)) if each] == [
        (41, "a"), (42, "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("grüße".encode(), {"body": "gr"}),  # the cut is amid a character
        (b"\xff\xfe\x00", {"body_base64": base64.b64encode(b"\xff\xfe\x00").decode()}),
        (b"", {"body": ""}),
        (b"abcdef", {"body": "abc"}),
    ],
)
def test_a_body_is_cut_and_stays_what_it_is(body: bytes, told: dict[str, str]) -> None:
    tap = Tap(1, SystemClock())
    tap.batch(batch(body))
    assert list(tap.events(3)) == [{"headers": {}, "size": len(body)} | told]


def test_nothing_of_an_event_speaks_to_the_terminal() -> None:
    text = {"headers": {"a\x1b": "b\x1b[2J\n"}, "size": 9, "body": "x\x1b]0;t\x07\r\ny\u202e"}
    raw = {"headers": {}, "size": 3, "body_base64": base64.b64encode(b"\x1b[2").decode()}
    for line in (shown(text) + "\n" + shown(raw)).split("\n"):
        assert line.isprintable(), line
    assert shown(raw) == "3 bytes\n  00000000  1b 5b 32" + " " * 41 + ".[2"
    assert "  y\\u202e" in shown(text)


def test_each_point_of_an_agent_shows_its_events(start: Start, tmp_path: Path) -> None:
    start(flow(total=2_000_000))
    client = Client(tmp_path / "state")
    for point in ("ticks", "spool", "out"):
        lines = [event for event in client.lines(f"/tap?point={point}&n=30") if event]
        bodies = [int(event["body"]) for event in lines]
        assert bodies == list(range(bodies[0], bodies[0] + 30)), point
        assert ("row" in lines[0]) == (point == "out")


@pytest.mark.slow
def test_a_tap_that_is_left_is_taken_away(start: Start, tmp_path: Path) -> None:
    start(flow(total=0))
    client = Client(tmp_path / "state")
    for _ in range(3):
        lines = client.lines("/tap?point=spool")
        assert next(lines) is None
        lines.close()  # type: ignore[attr-defined]
    until(client, lambda state: state["ready"])


@pytest.mark.slow
def test_what_cannot_be_tapped_is_told(start: Start, tmp_path: Path) -> None:
    start(flow(total=0))
    client = Client(tmp_path / "state")
    with pytest.raises(Refused, match="`tailer` has no point `no`; events can be seen at out, tic"):
        next(client.lines("/tap?point=no"))
    for wrong in ("n=0", "n=x", "bytes=-1", "n=99999"):
        with pytest.raises(Refused, match="must be a number from"):
            next(client.lines(f"/tap?point=out&{wrong}"))
