"""What `ls` shows of a state directory: rows, bytes, ages, positions, and what holds them."""

import os
import stat
from pathlib import Path

from flumec.runtime.journal import ChannelSpec, ConsumerSpec
from flumec.runtime.journal.records import Cursor, Output, Progress, Received
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import PathRule

from .conftest import PATIENCE, A, B, State, Tool


def channel(tool: Tool, state: State, name: str) -> dict[str, object]:
    (found,) = [c for c in tool("ls", "--json", state.path).json["channels"] if c["name"] == name]
    return dict(found)


def test_each_channel_has_its_balance_and_its_oldest_row(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", "b")
    state.put("a")
    state.done("a", 2, 2)
    known = channel(tool, state, "a")
    assert {k: known[k] for k in ("put", "delivered", "held", "low", "end", "held_by")} == {
        "put": 4, "delivered": 2, "held": 2, "low": 2, "end": 4, "held_by": "to_a",
    }  # fmt: skip
    assert 0 <= float(str(known["oldest_seconds"])) < PATIENCE
    state.close()
    dead = channel(tool, state, "a")
    assert dead | {"oldest_seconds": 0} == known | {"oldest_seconds": 0}


def test_it_is_a_table_for_people(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", "b")
    state.done("b", 2, 2)
    said = tool("ls", state.path)
    assert said.status == 0
    assert f"{state.journals}: open in process {os.getpid()}" in said.lines[0]
    assert "agent `tailer` on web-1, flumec 1.2.3" in said.lines[1]
    words = [line.split() for line in said.lines]
    (a,) = [line for line in words if line[:1] == ["a"]]
    (b,) = [line for line in words if line[:1] == ["b"]]
    assert (a[1], a[-1]) == ("2", "to_a")
    assert (b[1], b[-1]) == ("0", "-")
    assert ["to_a", "a", "0", "2", "0", "-"] in words


def test_it_needs_neither_the_lock_nor_a_write(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    before = {path: path.stat().st_mtime_ns for path in state.journals.iterdir()}
    for path in (*state.journals.iterdir(), state.journals, state.path):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    assert tool("ls", state.path).status == 0
    assert tool("verify", state.path).status == 0
    assert {path: path.stat().st_mtime_ns for path in state.journals.iterdir()} == before
    state.path.chmod(0o700)
    state.journals.chmod(0o700)


def test_a_dead_journal_is_not_open(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.close()
    assert tool("ls", state.path).lines[0] == f"{state.journals}: not open"
    assert tool("ls", "--json", state.journals).json["process"] is None


def test_a_removed_channel_is_said_to_be_one(state: State, tool: Tool) -> None:
    state.open()
    state.put("b")
    state.close()
    state.open(A)
    known = channel(tool, state, "b")
    assert (known["declared"], known["held"]) == (False, 2)
    assert "bundle has no such channel" in str(known["held_by"])
    assert "b (removed)" in tool("ls", state.path).out


def test_a_renamed_channel_goes_by_its_new_name(state: State, tool: Tool) -> None:
    state.open()
    state.put("b")
    state.close()
    state.consumers = [ConsumerSpec("to_c", "c")]
    state.open(A, ChannelSpec("c", 1 << 20, durable=True, formerly="b"))
    assert channel(tool, state, "c")["held"] == 2
    assert tool("export", state.path, "c").rows == [0, 1]
    assert tool("export", state.path, "b").status == 2


def test_the_bucket_that_holds_the_lowest_row_is_named(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", headers={"site": "left"})
    state.put("a", headers={"site": "right"})
    note = Note("sink", "/srv/logs", ((0, PathRule("%{site}")),)).stored
    consumer = state.journal.consumer("to_a")
    consumer.advance(Cursor(0, {"right": 4}, delivered=2, note=note)).result(PATIENCE)
    known = channel(tool, state, "a")
    assert known["held_by"] == "to_a, for /srv/logs/left"
    assert known["held"] == 2


def test_open_intents_are_shown_with_their_files(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    outputs = [Output("x", 0, 2, 2, "/o/.flumec/s/e/h", "/o/x/final.log", 9)]
    state.journal.consumer("to_a").intend(outputs)
    known = channel(tool, state, "a")
    assert known["consumer"] == {
        "name": "to_a", "kind": "", "ahead": {},
        "intents": [{"number": 1, "rows": 2, "files": ["/o/x/final.log"]}],
    }  # fmt: skip
    assert "2 rows in 1 file, first /o/x/final.log" in tool("ls", state.path).out


def test_positions_are_told_in_words(state: State, tool: Tool, tmp_path: Path) -> None:
    from flumec.runtime.tail.identity import Identity, Nature
    from flumec.runtime.tail.position import Position
    from flumec.runtime.tail.recovery import mark

    state.open()
    identity = Identity(b"/var/log/a.log", Nature(1, 77), b"", 0, b"", 4096, 0).encode()
    steps = [
        mark("access"),
        Progress("access", b"12345678", b"", Position(1234).encode(), identity),
        Progress("access", (7).to_bytes(4, "big"), b"", bytes(24)),
        Progress("access", b"next", b"", (5).to_bytes(8, "little")),
        Progress("access", b"\xff", b"", b"\x01"),
    ]
    state.put("a", progress=steps)
    (source,) = tool("ls", "--json", state.path).json["sources"]
    assert [each["in_words"] for each in source["positions"]] == [
        "byte 1,234 of 4,096", "at 5", "01", "1 request id remembered",
    ]  # fmt: skip
    assert source["positions"][0]["what"] == "/var/log/a.log"
    assert "access  /var/log/a.log  byte 1,234 of 4,096" in tool("ls", state.path).out


def test_what_was_received_over_links_is_shown(state: State, tool: Tool) -> None:
    from flumec.runtime.journal.records import Put

    state.open()
    session = state.journal.session(b"s" * 16, b"stream")
    received = Received(b"s" * 16, b"stream", session.number, b"e" * 16, ((4, 6),), 3)
    state.journal.submit(Put(received=received)).result(PATIENCE)
    (known,) = tool("ls", "--json", state.path).json["streams"]
    assert known["has"] == [{"epoch": (b"e" * 16).hex(), "settled": 3, "above": [[4, 6]]}]
    assert "all below 3, rows 4 to 5 (2 of them)" in tool("ls", state.path).out


def test_a_directory_without_a_journal_says_what_was_expected(tool: Tool, tmp_path: Path) -> None:
    said = tool("ls", tmp_path)
    assert said.status == 2
    assert said.err.startswith(f"error: there is no journal in {tmp_path}: name an agent's state")
    assert tool("ls", tmp_path / "nowhere").status == 2


def test_an_empty_journal_is_shown(state: State, tool: Tool) -> None:
    state.open(A, B)
    assert channel(tool, state, "a")["oldest"] is None
    assert tool("verify", state.path).lines[-1] == "sound"


def test_other_journals_of_the_agent_are_named(state: State, tool: Tool) -> None:
    import shutil

    state.open()
    state.put("a")
    state.close()
    assert tool("ls", "--json", state.path).json["others"] == []
    other = state.path / "journal-fast"
    shutil.copytree(state.journals, other)
    assert f"{other}: not open" in tool("ls", state.path).lines
    (shown,) = tool("ls", "--json", state.path).json["others"]
    assert (shown["journal"], shown["channels"][0]["put"]) == (str(other), 2)
    assert tool("ls", "--json", other).json["others"] == []
