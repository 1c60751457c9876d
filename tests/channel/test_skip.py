"""One poison row goes into a file and is never read again; the balance says so."""

import json
from pathlib import Path

import pytest
from flumec.runtime.journal import ConsumerSpec
from flumec.runtime.journal.records import Cursor
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import PathRule

from .conftest import PATIENCE, State, Tool


def balance(tool: Tool, state: State) -> tuple[int, ...]:
    known = tool("ls", "--json", state.path).json["channels"][0]
    return tuple(known[name] for name in ("put", "delivered", "dropped", "held"))


def skip(tool: Tool, state: State, row: int, file: Path, *more: str) -> tuple[int, str]:
    said = tool("skip", state.path, "a", "--row", str(row), "--to", file, *more)
    return said.status, said.out + said.err


@pytest.mark.parametrize("row", [0, 1, 2, 3])
def test_the_row_is_in_the_file_and_the_others_come(
    state: State, tool: Tool, tmp_path: Path, row: int
) -> None:
    state.open()
    state.put("a", bodies=[b"r0", b"r1"])
    state.put("a", bodies=[b"r2", b"r3"])
    state.close()
    status, said = skip(tool, state, row, tmp_path / "poison", "--reason", "kills the sink")
    assert status == 0
    assert said == (
        f"row {row} of a is in {tmp_path}/poison, counted as dropped; to_a goes on behind it\n"
    )
    (line,) = [json.loads(line) for line in (tmp_path / "poison").read_text().splitlines()]
    assert (line["row"], line["body"]) == (row, f"r{row}")
    assert line["skipped"]["reason"] == "kills the sink"
    assert balance(tool, state) == (4, 0, 1, 3)
    state.open()
    assert state.read("a") == [other for other in range(4) if other != row]
    state.done("a", 4, 3)
    state.close()
    assert balance(tool, state) == (4, 3, 1, 0)
    assert tool("verify", state.path).status == 0


def test_more_rows_are_appended_and_can_be_replayed(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    state.open()
    state.put("a", bodies=[b"r0", b"r1", b"r2"])
    state.close()
    assert skip(tool, state, 0, tmp_path / "poison")[0] == 0
    assert skip(tool, state, 2, tmp_path / "poison")[0] == 0
    assert tool("replay", state.path, "b", tmp_path / "poison").status == 0
    bodies = [json.loads(line)["body"] for line in tool("export", state.path, "b").lines]
    assert bodies == ["r0", "r2"]


def test_a_row_that_is_done_skipped_or_absent_is_refused(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    state.open()
    state.put("a")
    state.put("b")
    state.put("a")
    state.done("a", 1, 1)
    state.close()
    for row, why in (
        (0, "row 0 of a is done: all below 1 are"),
        (2, "a has no row 2; `export a` shows those that it has"),
        (99, "a has no row 99"),
    ):
        status, said = skip(tool, state, row, tmp_path / "poison")
        assert (status, why in said) == (2, True), said
    assert not (tmp_path / "poison").exists()
    assert skip(tool, state, 4, tmp_path / "poison")[0] == 0
    status, said = skip(tool, state, 4, tmp_path / "poison")
    assert (status, "set aside already" in said) == (2, True)


def test_a_row_that_is_delivered_ahead_is_refused(
    state: State, tool: Tool, tmp_path: Path
) -> None:  # fmt: skip
    state.open()
    state.put("a", headers={"site": "left"})
    state.put("a", headers={"site": "right"})
    note = Note("sink", "/srv", ((0, PathRule("%{site}")),)).stored
    state.journal.consumer("to_a").advance(Cursor(0, {"right": 4}, 2, note=note)).result(PATIENCE)
    state.close()
    status, said = skip(tool, state, 3, tmp_path / "poison")
    assert (status, "is delivered already, into /srv/right" in said) == (2, True), said
    assert skip(tool, state, 1, tmp_path / "poison")[0] == 0


def test_a_channel_without_a_reader_has_nothing_to_skip_for(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    state.consumers = [ConsumerSpec("to_b", "b")]
    state.open()
    state.put("a")
    state.close()
    status, said = skip(tool, state, 0, tmp_path / "poison")
    assert (status, "nothing reads `a`" in said) == (2, True)
    assert "`drop --force` empties it then" in said
    assert tool("drop", state.path, "a", "--force").status == 0
    assert balance(tool, state)[3] == 0


def test_it_wants_all_of_a_row_or_damaged_alone(state: State, tool: Tool, tmp_path: Path) -> None:
    state.open()
    state.close()
    for arguments in (["a"], ["a", "--row", "1"], ["a", "--damaged"], []):
        said = tool("skip", state.path, *arguments)
        assert (said.status, "or --damaged alone" in said.err) == (2, True)


def test_while_an_agent_has_the_journal_nothing_is_written(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    state.open()
    state.put("a")
    for command in (
        ["skip", state.path, "a", "--row", "0", "--to", tmp_path / "poison"],
        ["skip", state.path, "--damaged"],
        ["drop", state.path, "a", "--force"],
    ):
        said = tool(*command)
        assert said.status == 2
        assert "stop that agent first" in said.err
    assert not (tmp_path / "poison").exists()
