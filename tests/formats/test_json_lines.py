"""Each event is one line of JSON that any reader takes apart again."""

import base64
import json
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import constant
from flumec.runtime.formats.json_lines import JsonLines
from hypothesis import example, given, settings
from hypothesis import strategies as st

NASTY = ['"', "\\", "\n", "\0", "\x1f", "\x7f", "ü€😀", "\u2028", '\\"', "", "a/b"]


def batch(bodies: list[bytes | None], **columns: Any) -> pa.RecordBatch:
    return pa.record_batch({"body": pa.array(bodies, pa.binary())} | columns)


def lines(events: pa.RecordBatch) -> list[str]:
    format_ = JsonLines("none")
    rows = format_.rows(format_.payload(events))
    return bytes(rows.piece(0, events.num_rows)).decode().splitlines(keepends=True)


def read(events: pa.RecordBatch) -> list[dict[str, Any]]:
    found = bytes.join(b"", [line.encode() for line in lines(events)]).split(b"\n")
    assert found.pop() == b""
    return [json.loads(line) for line in found]


def test_headers_and_body_stand_in_one_object() -> None:
    events = batch(
        [b"one", b"two"],
        **{
            "h.host": constant("web-1", 2),
            "h.kind": pa.array(["a", None]),
            "headers": pa.array([[("x", "1"), ("y", "2")], []], pa.map_(pa.utf8(), pa.utf8())),
        },
    )

    assert lines(events) == [
        '{"headers":{"host":"web-1","kind":"a","x":"1","y":"2"},"body":"one"}\n',
        '{"headers":{"host":"web-1"},"body":"two"}\n',
    ]


def test_an_event_without_headers_or_body_is_an_object_as_well() -> None:
    assert lines(batch([b"", None])) == ['{"headers":{},"body":""}\n'] * 2
    empty = pa.array([None, []], pa.map_(pa.utf8(), pa.utf8()))
    assert read(batch([b"a", b"b"], headers=empty)) == [
        {"headers": {}, "body": "a"},
        {"headers": {}, "body": "b"},
    ]


def test_a_body_that_is_no_text_is_base64_and_its_neighbours_stay_as_they_are() -> None:
    found = read(batch([b"caf\xc3\xa9", b"\xff\xfe\0", b'"']))

    assert [each.get("body") for each in found] == ["café", None, '"']
    assert base64.b64decode(found[1]["body_base64"]) == b"\xff\xfe\0"


texts = st.text(max_size=5) | st.sampled_from(NASTY)
headers = st.dictionaries(texts.filter(len), texts, max_size=3)
events = st.lists(st.tuples(texts.map(str.encode) | st.binary(max_size=4), headers), max_size=8)


@settings(max_examples=40)
@given(events, st.integers(0, 8), st.booleans())
@example([(b"\x7f", {"\\": '"'})] * 3, 1, False)
def test_whatever_text_comes_it_is_read_back(
    given_events: list[tuple[bytes, dict[str, str]]], start: int, encoded: bool
) -> None:
    column = pa.array([fields.get("a") for _, fields in given_events], pa.utf8())
    rest = [[(k, v) for k, v in fields.items() if k != "a"] for _, fields in given_events]
    whole = batch(
        [body for body, _ in given_events],
        **{
            "h.a": column.dictionary_encode() if encoded else column,
            "headers": pa.array(rest, pa.map_(pa.utf8(), pa.utf8())),
        },
    )
    found = read(whole.slice(min(start, len(given_events))))

    for line, (body, fields) in zip(found, given_events[start:], strict=True):
        assert line["headers"] == fields
        text = line.get("body")
        assert body == (base64.b64decode(line["body_base64"]) if text is None else text.encode())


@pytest.mark.parametrize("character", [chr(code) for code in range(0x20)] + ['"', "\\"])
def test_each_special_character_alone(character: str) -> None:
    text = f"a{character}{character}b"
    events = batch([text.encode()], **{"h.x": pa.array([text])})

    assert read(events) == [{"headers": {"x": text}, "body": text}]
