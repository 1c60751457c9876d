"""The tool on a channel that spills: what an orderly end wrote late stands in its place."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, Journal, JournalDamaged
from flumec.runtime.journal.inspection import inspect

from .conftest import State, Tool
from .test_verify import flip

SPILL = ChannelSpec("a", 1 << 20, durable=True, memory=1500)


def put(state: State, first: int) -> None:
    state.put("a", bodies=[b"%02d" % first * 100, b"%02d" % (first + 1) * 100])


def spilled(state: State) -> None:
    """Leave rows 2 to 13; 2 and 3, 10 and 11 were in memory and are written late."""
    state.open(SPILL)
    for first in range(0, 10, 2):
        put(state, first)
    assert state.journal.stats()["a"].in_memory == 4
    state.done("a", 2, 2)
    for first in range(10, 14, 2):
        put(state, first)
    assert state.journal.stats()["a"].in_memory == 4
    state.close()


def balance(tool: Tool, state: State) -> tuple[int, ...]:
    (known,) = tool("ls", "--json", state.path).json["channels"]
    return tuple(known[name] for name in ("put", "delivered", "dropped", "held"))


def test_what_is_there_is_listed_verified_and_exported_in_order(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    spilled(state)
    assert balance(tool, state) == (14, 2, 0, 12)
    assert tool("verify", state.path).lines[-1] == "sound"
    assert tool("export", state.path, "a").rows == list(range(2, 14))
    assert tool("export", state.path, "a", "--first", "3", "--last", "11").rows == [*range(3, 12)]
    assert tool("export", state.path, "a", "--to", tmp_path / "a.parquet").status == 0
    assert pq.read_table(tmp_path / "a.parquet").column("row").to_pylist() == [*range(2, 14)]
    assert tool("upgrade", state.path).status == 0


def test_the_oldest_row_is_found_where_it_is(state: State, tool: Tool) -> None:
    spilled(state)
    (known,) = tool("ls", "--json", state.path).json["channels"]
    (first, *_) = tool("export", state.path, "a").lines
    assert known["oldest"] == json.loads(first)["born"]


def test_its_end_is_behind_its_last_row_wherever_that_lies(state: State, tool: Tool) -> None:
    state.open(SPILL)
    put(state, 0)
    state.done("a", 2, 2)
    put(state, 2)
    state.close()
    (known,) = tool("ls", "--json", state.path).json["channels"]
    assert (known["low"], known["end"]) == (2, 4)


def test_beside_a_running_agent_it_says_what_only_that_knows(state: State, tool: Tool) -> None:
    state.open(SPILL)
    for first in range(0, 10, 2):
        put(state, first)
    said = tool("ls", state.path)
    assert "of a, 4 of the events held are in memory only" in said.out
    assert tool("export", state.path, "a").rows == [4, 5, 6, 7, 8, 9]


def test_after_a_kill_it_says_what_is_lost(state: State, tool: Tool, tmp_path: Path) -> None:
    state.open(SPILL)
    for first in range(0, 10, 2):
        put(state, first)
    killed = tmp_path / "killed" / "journal"
    killed.mkdir(parents=True)
    for path in state.journals.iterdir():
        if path.suffix == ".seg":
            (killed / path.name).write_bytes(path.read_bytes())
    (known,) = tool("ls", "--json", killed.parent).json["channels"]
    assert [known[name] for name in ("put", "dropped", "held", "in_memory")] == [10, 4, 6, 0]


@pytest.mark.parametrize("row", [2, 7, 10, 13])
def test_one_row_is_skipped_wherever_it_lies(
    state: State, tool: Tool, tmp_path: Path, row: int
) -> None:
    spilled(state)
    said = tool("skip", state.path, "a", "--row", str(row), "--to", tmp_path / "poison")
    assert (said.status, said.err) == (0, "")
    assert balance(tool, state) == (14, 2, 1, 11)
    state.open(SPILL)
    assert state.read("a") == [other for other in range(2, 14) if other != row]
    state.done("a", 14, 11)
    state.close()
    assert balance(tool, state) == (14, 13, 1, 0)


@pytest.mark.parametrize("row", [2, 6, 10])
def test_damage_costs_its_rows_and_no_more(state: State, tool: Tool, row: int) -> None:
    spilled(state)
    state.open(SPILL)
    state.close()
    for path in state.segments:
        at = path.read_bytes().find(b"%02d" % row * 100)
        if at >= 0:
            flip(path, at)
    assert tool("verify", state.path).status == 1
    state.open(SPILL)
    with pytest.raises(JournalDamaged, match=f"rows {row} to {row + 1} "):
        state.read("a")
    state.close()
    assert "given up: 2 rows of a" in tool("skip", state.path, "--damaged").out
    assert balance(tool, state) == (14, 2, 2, 10)
    state.open(SPILL)
    assert state.read("a") == [other for other in range(2, 14) if other not in {row, row + 1}]
    state.done("a", 14, 10)
    assert state.journal.stats()["a"].held == 0


def test_replayed_events_go_to_its_disk(state: State, tool: Tool, tmp_path: Path) -> None:
    spilled(state)
    assert tool("export", state.path, "a", "--to", tmp_path / "a.jsonl").status == 0
    refused = tool("replay", state.path, "a", tmp_path / "a.jsonl")
    assert "a holds 12 events of" in refused.err
    assert tool("replay", state.path, "a", tmp_path / "a.jsonl", "--again").status == 0
    assert balance(tool, state) == (26, 2, 0, 24)
    state.open(SPILL)
    assert len(state.read("a")) == 24


def test_dropped_it_is_empty(state: State, tool: Tool) -> None:
    spilled(state)
    assert "dropped 12 rows of a" in tool("drop", state.path, "a", "--force").out
    assert balance(tool, state) == (14, 2, 12, 0)
    state.open(SPILL)
    assert state.read("a") == []
    put(state, 14)
    assert state.read("a") == [14, 15]


def test_removed_and_dropped_it_is_gone(state: State, tool: Tool) -> None:
    spilled(state)
    state.open(ChannelSpec("b", 1 << 20, durable=True))
    state.close()
    said = tool("drop", state.path, "a")
    assert (said.status, said.err) == (0, "")
    found = inspect(state.journals, RealDisk())
    assert [channel.name for channel in found.state.channels.values()] == ["b"]
    journal: Journal = state.open(SPILL)
    assert journal.stats()["a"].put == 0
