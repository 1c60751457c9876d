"""Rows come out as JSON lines, as Parquet and as bare bodies, with what names them."""

import json
from pathlib import Path

import pyarrow.parquet as pq
from flumec.runtime.channel.words import nanoseconds
from flumec.runtime.journal.records import TagRun

from .conftest import State, Tool


def test_json_lines_have_all_of_an_event(state: State, tool: Tool) -> None:
    journal = state.open()
    state.put("a", bodies=["grün".encode(), b"\xff\x00"], headers={"host": "web-1"})
    first, second = map(json.loads, tool("export", state.path, "a").lines)
    assert first.items() >= {
        "row": 0, "tag": f"{journal.epoch.hex()}:0", "headers": {"host": "web-1"}, "body": "grün",
    }.items()  # fmt: skip
    assert second["body_base64"] == "/wA="
    chunk = journal.consumer("to_a").read(0)[0]
    assert nanoseconds(first["born"]) == chunk.born


def test_a_tag_is_the_one_of_the_first_journal(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", bodies=[b"x"] * 3, tags=(TagRun(b"e" * 16, 70, 2), TagRun(b"f" * 16, 1, 1)))
    said = tool("export", state.path, "a", "--first", "1")
    tags = [json.loads(line)["tag"] for line in said.lines]
    assert tags == [f"{(b'e' * 16).hex()}:71", f"{(b'f' * 16).hex()}:1"]


def test_raw_is_the_bodies(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", bodies=[b"first", b"second"])
    assert tool("export", state.path, "a", "--format", "raw").out == "first\nsecond\n"


def test_parquet_has_the_same_in_columns(state: State, tool: Tool, tmp_path: Path) -> None:
    journal = state.open()
    state.put("a", headers={"host": "web-1"})
    state.put("a", bodies=[b"three"])
    said = tool("export", state.path, "a", "--to", tmp_path / "a.parquet")
    assert (said.status, said.err) == (0, "3 rows of a\n")
    read = pq.read_table(tmp_path / "a.parquet")
    chunk = journal.consumer("to_a").read(0)[0]
    assert read["born"].cast("int64").to_pylist()[:2] == [chunk.born] * 2
    table = read.drop_columns(["born"]).to_pydict()
    assert table["body"] == [b"one", b"two", b"three"]
    assert table["row"] == table["tag_row"] == [0, 1, 2]
    assert table["tag_epoch"] == [journal.epoch] * 3
    assert table["headers"] == [[("host", "web-1")]] * 2 + [[]]


def test_rows_are_chosen_by_number(state: State, tool: Tool) -> None:
    state.open()
    for _ in range(3):
        state.put("a")
    assert tool("export", state.path, "a", "--first", "1", "--last", "3").rows == [1, 2, 3]
    assert tool("export", state.path, "a", "--first", "6").rows == []


def test_only_the_channels_own_rows(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.put("b")
    state.put("a", "b")
    assert tool("export", state.path, "b").rows == [2, 3, 4, 5]


def test_delivered_rows_come_with_all(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.put("a")
    state.done("a", 3, 3)
    assert tool("export", state.path, "a").rows == [3]
    assert tool("export", state.path, "a", "--all").rows == [0, 1, 2, 3]


def test_rows_of_many_segments_and_starts_come_in_order(state: State, tool: Tool) -> None:
    state.open()
    state.fill("a", segments=3)
    state.close()
    state.open()
    last = state.put("a").first
    assert tool("export", state.path, "a").rows == list(range(last + 2))


def test_a_file_that_exists_is_left_alone(state: State, tool: Tool, tmp_path: Path) -> None:
    state.open()
    state.put("a")
    (tmp_path / "mine.jsonl").write_text("mine")
    said = tool("export", state.path, "a", "--to", tmp_path / "mine.jsonl")
    assert (said.status, "exists; name a file that does not" in said.err) == (2, True)
    assert (tmp_path / "mine.jsonl").read_text() == "mine"


def test_a_file_appears_whole(state: State, tool: Tool, tmp_path: Path) -> None:
    state.open()
    state.put("a")
    assert tool("export", state.path, "a", "--to", tmp_path / "out.jsonl").status == 0
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.jsonl"]


def test_an_unknown_channel_is_told_with_those_that_are_there(state: State, tool: Tool) -> None:
    state.open()
    said = tool("export", state.path, "c")
    assert said.status == 2
    assert "has no channel `c`; it has: a, b" in said.err
