"""A removed channel keeps its rows until it is dropped; then they are counted, and freed."""

from flumec.runtime.journal import ChannelSpec
from flumec.runtime.journal.records import Cursor, Output
from flumec.runtime.journal_format import FORMAT

from .conftest import PATIENCE, A, B, State, Tool


def test_a_removed_channel_keeps_its_rows_until_it_is_dropped(state: State, tool: Tool) -> None:
    state.open()
    state.fill("b", segments=4)
    held = state.journal.stats()["b"].held
    state.close()
    state.open(A)
    state.put("a")
    state.close()
    assert len(tool("export", state.path, "b").rows) == held
    before = len(state.segments)
    said = tool("drop", state.path, "b", "--reason", "not wanted")
    assert said.status == 0
    assert said.out.startswith(f"dropped {held} rows of b, ")
    assert len(state.segments) < before
    shown = tool("ls", "--json", state.path).json
    assert [each["name"] for each in shown["channels"]] == ["a"]
    assert shown["dropped_with_channels"] == held
    assert f"{held} rows dropped with removed channels" in tool("ls", state.path).out
    state.open(A, B)
    assert (state.read("a"), state.read("b")) == ([held, held + 1], [])
    state.close()
    assert tool("ls", "--json", state.path).json["dropped_with_channels"] == held


def test_a_new_channel_of_the_same_number_does_not_see_the_old_ones_rows(
    state: State, tool: Tool
) -> None:
    state.open()
    state.put("a", "b")
    state.close()
    state.open(A)
    state.close()
    assert tool("drop", state.path, "b").status == 0
    new = ChannelSpec("new", 1 << 20, durable=True)
    state.open(A, new)
    last = state.put("new").first
    assert state.read("new") == [last, last + 1]
    assert state.read("a") == [0, 1]
    state.close()
    assert tool("verify", state.path).status == 0
    assert tool("export", state.path, "new", "--all").rows == [last, last + 1]


def test_one_that_the_bundle_has_needs_force(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", "b")
    state.close()
    said = tool("drop", state.path, "b")
    assert said.status == 2
    assert "`b` is in the bundle, and holds 2 rows" in said.err
    assert tool("drop", state.path, "b", "--force").out.startswith("dropped 2 rows of b")
    known = tool("ls", "--json", state.path).json["channels"][1]
    assert [known[n] for n in ("put", "delivered", "dropped", "held")] == [2, 0, 2, 0]
    state.open()
    assert state.read("b") == []
    last = state.put("b").first
    assert state.read("b") == [last, last + 1]


def test_forced_it_ends_what_was_under_way(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    consumer = state.journal.consumer("to_a")
    consumer.advance(Cursor(0, {"x": 2}, delivered=1, note=b"mine")).result(PATIENCE)
    consumer.intend([Output("x", 0, 2, 2, "hidden", "final", 9)])
    state.close()
    assert tool("drop", state.path, "a", "--force").out.startswith("dropped 1 row of a")
    state.open()
    consumer = state.journal.consumer("to_a")
    assert consumer.intents == ()
    assert consumer.cursor == Cursor(2, note=b"mine")


def test_a_channel_that_is_not_there_cannot_be_dropped(state: State, tool: Tool) -> None:
    state.open()
    state.close()
    assert "has no channel `c`" in tool("drop", state.path, "c").err


def test_upgrade_says_which_format_it_is_and_why(state: State, tool: Tool) -> None:
    state.open()
    said = tool("upgrade", state.path)
    assert (said.status, f"is written in format 1, the newest is {FORMAT}" in said.out) == (0, True)
    state.close()
    state.open(ChannelSpec("a", 1 << 20, durable=True, when_full="drop_oldest"))
    assert f"is written in format {FORMAT}" in tool("upgrade", state.path).out
