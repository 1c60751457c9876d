"""What `verify` says of sound journals, live ones, torn ones and rotten ones."""

import threading
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.batch import encode
from flumec.runtime.journal.layout import PAGE
from flumec.runtime.journal.records import Frame, Put

from .conftest import PATIENCE, State, Tool


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0x40]))


def test_a_sound_journal_is_read_whole(state: State, tool: Tool) -> None:
    state.open()
    state.fill("a", "b", segments=3)
    state.close()
    said = tool("verify", state.path)
    assert (said.status, said.lines[-1]) == (0, "sound")
    held = state.opened[0].stats()["a"].held
    assert f"{held} rows read" in said.out


def test_a_journal_is_sound_while_it_is_written_and_freed(state: State, tool: Tool) -> None:
    state.open()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            outcome = state.put("a", bodies=[b"x" * 2000])
            if outcome.first % 40 == 0:
                state.done("a", outcome.first + 1, state.journal.stats()["a"].held)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(12):
            for command in (("verify", state.path), ("ls", state.path)):
                said = tool(*command)
                assert said.status == 0, said.out + said.err
    finally:
        stop.set()
        worker.join()


def test_a_torn_end_is_told_and_no_damage(state: State, tool: Tool) -> None:
    state.open()
    state.put("a")
    state.put("a")
    end = state.journal._state.segments[1].end
    said = tool("verify", state.path)
    assert "cut short" not in said.out
    with state.segments[0].open("r+b") as file:
        file.seek(end)
        file.write(b"FGRP and then the power went")
    said = tool("verify", state.path)
    assert said.status == 0
    assert f"{state.segments[0]}: from byte {end} on a group that was cut short" in said.out
    assert "not synced, so nothing of it was acknowledged (unless `sync` is a time)" in said.out
    flip(state.segments[0], end - 512 + 60)
    said = tool("verify", state.path)
    assert said.status == 0
    assert f"from byte {end - 1024} on" in said.out or "cut short" in said.out
    assert tool("ls", "--json", state.path).json["channels"][0]["held"] == 2


def test_a_rotten_body_is_told_with_file_bytes_rows_and_channels(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", bodies=[b"mark" * 100])
    state.put("a", "b", bodies=[b"find me" * 100, b"x"])
    state.put("a")
    content = state.segments[0].read_bytes()
    flip(state.segments[0], content.index(b"find me"))
    said = tool("verify", state.path)
    assert said.status == 1
    (line,) = [line for line in said.lines if "checksum" in line]
    assert line.startswith(f"{state.segments[0]}: bytes ")
    assert line.endswith("a body's checksum is wrong; rows 1 to 2 (2 of them) of a, b are lost")
    assert f"flumec channel skip {state.journals} --damaged" in said.lines[-1]
    assert "4 rows read" not in said.out
    assert "3 rows read" in said.out


def test_a_rotten_head_is_a_gap_of_rows(state: State, tool: Tool) -> None:
    state.open()
    for _ in range(3):
        state.put("a", "b")
    second = state.segments[0].read_bytes().index(b"FGRP", PAGE + 1024)
    flip(state.segments[0], second + 20)
    said = tool("verify", state.path)
    assert said.status == 1
    assert (
        "a group is not valid; rows 0 to 1 (2 of them) of one or more of a, b are lost" in said.out
    )
    ls = tool("ls", state.path)
    assert "DAMAGED" in ls.out


def test_what_is_delivered_may_rot(state: State, tool: Tool) -> None:
    state.open()
    state.put("a", bodies=[b"find me" * 100])
    state.done("a", 1, 1)
    state.put("a")
    flip(state.segments[0], state.segments[0].read_bytes().index(b"find me"))
    assert tool("verify", state.path).status == 0


def test_export_stops_at_damage_or_passes_over_it(
    state: State, tool: Tool, tmp_path: Path
) -> None:  # fmt: skip
    state.open()
    state.put("a")
    state.put("a", bodies=[b"find me" * 100])
    state.put("a")
    flip(state.segments[0], state.segments[0].read_bytes().index(b"find me"))
    said = tool("export", state.path, "a", "--to", tmp_path / "out.jsonl")
    assert said.status == 2
    assert "stopped at damage" in said.err
    assert not (tmp_path / "out.jsonl").exists()
    said = tool("export", state.path, "a", "--skip-damaged")
    assert (said.status, said.rows) == (1, [0, 1, 3, 4])
    assert "4 rows of a, 1 not readable" in said.err


def test_a_missing_segment_is_told_with_its_rows(state: State, tool: Tool) -> None:
    state.open()
    state.fill("a", segments=3)
    state.close()
    second = state.opened[0]._state.segments[2]
    state.segments[1].unlink()
    said = tool("verify", state.path)
    assert said.status == 1
    end = max(second.channels.values())
    assert (
        f"{state.journals}/{2:020}.seg: the whole file: the file does not exist; "
        f"rows {second.first_row} to {end - 1} ({end - second.first_row} of them)"
    ) in said.out
    said = tool("export", state.path, "a", "--skip-damaged")
    assert said.status == 1
    assert second.first_row - 1 in said.rows
    assert second.first_row not in said.rows
    assert end in said.rows


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (encode(pa.record_batch({"body": pa.array([b"one", b"two"], pa.binary())})), "has 2 rows"),
        (pa.py_buffer(b"\xff\xff\xff\xff" + b"garbage " * 9), "is no Arrow stream"),
    ],
    ids=["other rows", "garbage"],
)
def test_a_body_that_is_not_what_its_frame_says_is_told(
    state: State, tool: Tool, body: pa.Buffer, said: str
) -> None:
    """Its checksum is right: who put it was wrong."""
    state.open()
    state.journal.submit(Put((Frame(("a",), 3, body),))).result(PATIENCE)
    answer = tool("verify", state.path)
    assert (answer.status, f"a body {said}" in answer.out) == (1, True), answer.out
