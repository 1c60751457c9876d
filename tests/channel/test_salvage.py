"""Damage is given up row by row: exactly what it took, counted; the rest is delivered."""

from pathlib import Path

import pytest
from flumec.runtime.journal import JournalDamaged
from flumec.runtime.journal.layout import PAGE
from flumec.runtime.journal.records import Cursor
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import PathRule

from .conftest import PATIENCE, State, Tool
from .test_verify import flip


def balances(tool: Tool, state: State) -> dict[str, tuple[int, int, int, int]]:
    shown = tool("ls", "--json", state.path).json["channels"]
    return {c["name"]: (c["put"], c["delivered"], c["dropped"], c["held"]) for c in shown}


def find(path: Path, what: bytes) -> int:
    return path.read_bytes().index(what)


def groups(path: Path) -> list[int]:
    content = path.read_bytes()
    return [at for at in range(PAGE, len(content), 512) if content[at : at + 4] == b"FGRP"]


def test_nothing_is_given_up_where_nothing_is_damaged(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.close()
    said = tool("skip", state.path, "--damaged")
    assert (said.status, said.out) == (0, "nothing is damaged; nothing was given up\n")
    assert balances(tool, state)["a"] == (2, 0, 0, 2)


def test_a_rotten_body_costs_its_rows_in_each_of_its_channels(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.put("a", "b", bodies=[b"find me" * 100, b"x"])
    state.put("a")
    state.fill("b", segments=2)
    state.close()
    held = balances(tool, state)
    flip(state.segments[0], find(state.segments[0], b"find me"))
    state.open()
    with pytest.raises(JournalDamaged, match=r"rows 2 to 3 \(2 of them\).*skip .* --damaged"):
        while state.journal.consumer("to_a").read(0, max_bytes=1):
            pass
    state.close()
    said = tool("skip", state.path, "--damaged")
    assert said.status == 0
    assert "given up: 2 rows of a, counted as dropped" in said.out
    assert "given up: 2 rows of b, counted as dropped" in said.out
    after = balances(tool, state)
    assert after["a"] == (6, 0, 2, 4)
    assert after["b"] == (held["b"][0], 0, 2, held["b"][3] - 2)
    verified = tool("verify", state.path)
    assert (verified.status, "1 given up" in verified.out) == (0, True)
    state.open()
    assert state.read("a") == [0, 1, 4, 5]
    state.done("a", 6, 4)
    assert state.journal.stats()["a"].held_bytes == 0


def test_a_rotten_head_in_the_newest_segment_is_counted_for_the_journal(
    state: State, tool: Tool
) -> None:
    state.open()
    for _ in range(3):
        state.put("a")
    state.journal._writer.failure = None
    path = state.segments[0]
    second = groups(path)[2]
    state.close()
    flip(path, second + 20)
    with pytest.raises(JournalDamaged, match=r"rows 2 to 3 \(2 of them\)"):
        state.open()
    said = tool("skip", state.path, "--damaged")
    assert "given up: 2 rows whose channel cannot be known" in said.out
    assert "2 rows lost to damage" in tool("ls", state.path).out
    state.open()
    assert state.read("a") == [0, 1, 4, 5]
    state.done("a", 6, 4)
    assert state.put("a").first == 6
    state.close()
    assert balances(tool, state)["a"] == (6, 4, 0, 2)
    assert tool("verify", state.path).lines[-1] == "sound"


def test_what_was_copied_is_read_though_all_snapshots_that_know_of_it_are_gone(
    state: State, tool: Tool
) -> None:
    state.open()
    quiet = []
    while len(state.segments) < 3:
        quiet.append(state.put("b", bodies=[b"find me %d" % len(quiet), b"x"]).first)
        for _ in range(4):
            state.put("a", bodies=[b"x" * 1000, b"y" * 1000])
    state.done("a", quiet[-1] + 10, state.journal.stats()["a"].held)
    state.journal._writer._space.settle()
    state.close()
    second, newest = state.segments[1:]
    assert second.stat().st_size < 16 << 10, "it was rewritten"
    lost = next(n for n in range(len(quiet)) if b"find me %d" % n in second.read_bytes())
    flip(second, find(second, b"find me %d" % lost))
    flip(newest, PAGE + 60)
    assert tool("skip", state.path, "--damaged").status == 0
    state.open()
    expected = [row for row in quiet if row != quiet[lost]]
    assert state.read("b") == [row for first in expected for row in (first, first + 1)]
    assert state.journal.stats()["b"].held == 2 * len(expected)


def test_what_rots_right_behind_what_was_given_up_is_told_and_given_up_as_well(
    state: State, tool: Tool
) -> None:
    state.open()
    for _ in range(5):
        state.put("a")
    state.fill("b", segments=3)
    state.close()
    path = state.segments[0]
    for number, dropped in ((3, 2), (4, 4)):
        flip(path, groups(path)[number] + 20)
        assert tool("verify", state.path).status == 1
        said = tool("skip", state.path, "--damaged")
        assert "given up: 2 rows of a, counted as dropped" in said.out
        assert tool("verify", state.path).lines[-1] == "sound"
        assert balances(tool, state)["a"] == (10, 0, dropped, 10 - dropped)
    state.open()
    assert state.read("a") == [0, 1, 2, 3, 8, 9]


def test_a_rotten_head_in_an_older_segment_is_counted_by_its_channel(
    state: State, tool: Tool
) -> None:
    state.open()
    state.put("a")
    state.put("a")
    state.put("b")
    state.fill("b", segments=3)
    state.close()
    before = balances(tool, state)
    flip(state.segments[0], groups(state.segments[0])[2] + 20)
    said = tool("skip", state.path, "--damaged")
    assert "given up: 2 rows of a, counted as dropped" in said.out
    assert "of b, counted" not in said.out
    assert balances(tool, state) == {"a": (4, 0, 2, 2), "b": before["b"]}
    state.open()
    assert state.read("a") == [0, 1]
    assert len(state.read("b")) == before["b"][3]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_segment_that_is_gone_costs_what_was_in_it(
    state: State, tool: Tool, which: int
) -> None:  # fmt: skip
    state.open()
    state.put("b")
    state.fill("a", segments=4)
    state.put("b")
    state.close()
    before = balances(tool, state)
    rows = tool("export", state.path, "a").rows
    state.segments[which].unlink()
    with pytest.raises(JournalDamaged, match="the file does not exist"):
        state.open()
    kept = tool("export", state.path, "a", "--skip-damaged").rows
    said = tool("skip", state.path, "--damaged")
    assert f"given up: {len(rows) - len(kept)} rows of a, counted as dropped" in said.out
    lost = len(rows) - len(kept)
    put, delivered, _, held = before["a"]
    assert balances(tool, state)["a"] == (put, delivered, lost, held - lost)
    state.open()
    assert state.read("a") == kept
    assert len(state.read("b")) == (2 if which == 0 else 4)


def test_both_headers_of_the_newest_segment_cost_nothing(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.close()
    flip(state.segments[0], 30)
    flip(state.segments[0], PAGE // 2 + 30)
    with pytest.raises(JournalDamaged, match="header is not valid"):
        state.open()
    assert tool("export", state.path, "a").rows == [0, 1]


def test_a_rotten_snapshot_costs_names_and_positions_but_no_row(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.put("a")
    state.close()
    flip(state.segments[0], PAGE + 100)
    with pytest.raises(JournalDamaged, match="the opening group is not valid"):
        state.open()
    said = tool("skip", state.path, "--damaged")
    assert said.status == 0
    assert "no rows, but records" in said.out
    assert tool("export", state.path, "unnamed-0").rows == [0, 1, 2, 3]


def test_a_rotten_snapshot_of_a_later_segment_costs_nothing(state: State, tool: Tool) -> None:
    state.open()
    state.fill("a", segments=3)
    state.close()
    rows = tool("export", state.path, "a").rows
    before = balances(tool, state)
    flip(state.segments[2], PAGE + 100)
    with pytest.raises(JournalDamaged):
        state.open()
    said = tool("skip", state.path, "--damaged")
    assert "no row was lost" in said.out
    assert balances(tool, state) == before
    state.open()
    assert state.read("a") == rows


def test_what_is_delivered_ahead_is_not_counted_as_lost(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", headers={"site": "left"})
    state.put("a", headers={"site": "right"})
    state.put("a", headers={"site": "right"}, bodies=[b"find me" * 100])
    state.put("a", headers={"site": "left"})
    state.fill("b", segments=2)
    note = Note("sink", "/srv", ((0, PathRule("%{site}")),)).stored
    state.journal.consumer("to_a").advance(Cursor(0, {"right": 4}, 2, note=note)).result(PATIENCE)
    state.close()
    assert balances(tool, state)["a"] == (7, 2, 0, 5)
    flip(state.segments[0], find(state.segments[0], b"find me"))
    said = tool("skip", state.path, "--damaged")
    assert "given up: 1 row of a, counted as dropped" in said.out
    assert balances(tool, state)["a"] == (7, 2, 1, 4)


def test_what_was_skipped_is_not_lost_again(state: State, tool: Tool, tmp_path: Path) -> None:
    state.open()
    state.put("a", bodies=[b"x", b"y", b"z"])
    state.put("a", bodies=[b"find me" * 100])
    state.fill("b", segments=2)
    state.close()
    assert tool("skip", state.path, "a", "--row", "1", "--to", tmp_path / "f").status == 0
    flip(state.segments[0], find(state.segments[0], b"find me"))
    assert "given up: 1 row of a" in tool("skip", state.path, "--damaged").out
    assert balances(tool, state)["a"] == (4, 0, 2, 2)
    state.open()
    assert state.read("a") == [0, 2]


def test_a_second_time_there_is_nothing_to_give_up(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", bodies=[b"find me" * 100])
    state.fill("b", segments=2)
    state.close()
    flip(state.segments[0], find(state.segments[0], b"find me"))
    assert "given up: 1 row of a" in tool("skip", state.path, "--damaged").out
    for _ in range(2):
        said = tool("skip", state.path, "--damaged")
        assert said.out == "nothing is damaged; nothing was given up\n"
    assert balances(tool, state)["a"] == (1, 0, 1, 0)
