"""Exported events go back in as the same events, each file once."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.journal import ChannelSpec
from flumec.runtime.journal.records import Chunk, Frame, Put, Stored

from .conftest import PATIENCE, A, State, Tool

Rows = list[dict[str, object]]


def rows(tool: Tool, state: State, channel: str) -> Rows:
    """Return a channel's rows without their numbers."""
    found = [json.loads(line) for line in tool("export", state.path, channel).lines]
    return [{name: value for name, value in row.items() if name != "row"} for row in found]


@pytest.fixture
def exported(state: State, tool: Tool, tmp_path: Path) -> Callable[[str], tuple[Path, Rows]]:
    """Return a function that exports six rows of a closed journal, by the file's ending."""

    def export(suffix: str) -> tuple[Path, Rows]:
        state.open()
        state.put("a", bodies=[b"plain", b"\xff\x00"], headers={"host": "web-1"})
        state.put("a", bodies=[b"no headers"])
        state.put("a", bodies=[b"x", b"y", b"z"], headers={"n": "1"})
        state.close()
        file = tmp_path / f"out.{suffix}"
        assert tool("export", state.path, "a", "--to", file).status == 0
        return file, rows(tool, state, "a")

    return export


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_what_comes_back_is_the_same_events(
    state: State, tool: Tool, exported: Callable[[str], tuple[Path, Rows]], suffix: str
) -> None:
    file, before = exported(suffix)
    said = tool("replay", state.path, "b", file)
    assert (said.status, said.out) == (0, f"6 rows of {file} put into b\n")
    assert rows(tool, state, "b") == before
    assert tool("verify", state.path).status == 0
    assert tool("ls", "--json", state.path).json["channels"][1]["put"] == 6


def test_a_file_goes_into_a_channel_once(
    state: State, tool: Tool, exported: Callable[[str], tuple[Path, Rows]], tmp_path: Path
) -> None:
    file, before = exported("jsonl")
    assert tool("replay", state.path, "b", file).status == 0
    renamed = file.rename(tmp_path / "other.jsonl")
    said = tool("replay", state.path, "b", renamed)
    assert (said.status, "was replayed into b before" in said.err) == (2, True)
    for count in (2, 3):
        assert tool("replay", state.path, "b", renamed, "--again").status == 0
        assert rows(tool, state, "b") == before * count


def test_an_agent_reads_what_was_replayed(
    state: State, tool: Tool, exported: Callable[[str], tuple[Path, Rows]]
) -> None:
    file, _ = exported("jsonl")
    assert tool("replay", state.path, "b", file).status == 0
    state.open()
    assert len(state.read("b")) == 6
    assert state.put("b").first > 6


def test_a_full_channel_takes_what_fits_and_goes_on_from_there(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    small = ChannelSpec("b", 3 << 20, durable=True)
    state.open(A, small)
    state.close()
    file = tmp_path / "big.jsonl"
    file.write_text("".join(json.dumps({"body": f"{n:0100000}"}) + "\n" for n in range(60)))
    said = tool("replay", state.path, "b", file)
    assert said.status == 2
    assert f"`b` has no room for more until it is drained: 30 rows of {file} are" in said.err
    state.open()
    assert len(state.read("b")) == 30
    state.done("b", state.journal._state.next_row, 30)
    state.close()
    said = tool("replay", state.path, "b", file)
    assert said.out == f"30 rows of {file} put into b (30 rows before it passed over)\n"


def test_what_is_told_to_be_put_outlives_a_power_cut_where_a_journal_syncs_now_and_then() -> None:
    from flumec.runtime.batch import encode
    from flumec.runtime.channel.piece import Piece
    from flumec.runtime.channel.replayed import SOURCE
    from flumec.runtime.clock import SystemClock
    from flumec.runtime.journal import Identity, Journal, Settings
    from flumec.runtime.testing import CrashDisk

    def opened(disk: CrashDisk) -> Journal:
        return Journal.open(
            Path("/state/journal"), disk=disk, clock=SystemClock(),
            identity=Identity("h", "a", "1", ""), channels=[A], sources=[SOURCE], consumers=[],
            segment_size=32 << 10, settings=Settings(sync_every=3600.0),
        )  # fmt: skip

    disk = CrashDisk()
    disk.make_directory(Path("/state"))
    disk.sync_directory(Path("/"))
    before = opened(disk)
    body = encode(pa.RecordBatch.from_pydict({"body": pa.array([b"one"], pa.binary())}))
    piece = Piece((Frame(("a",), 1, body),), ())
    assert isinstance(before.submit(piece.put).result(PATIENCE), Stored)
    after = opened(disk.reboot())
    assert after.stats()["a"].held == 1
    after.close()
    before.close()


@pytest.mark.parametrize("options", [(), ("--again",)], ids=["once", "again"])
def test_what_was_cut_short_after_it_began_elsewhere_doubles_nothing(
    state: State, tool: Tool, tmp_path: Path, options: tuple[str, ...]
) -> None:
    state.open(A, ChannelSpec("b", 3 << 20, durable=True))
    state.close()
    file = tmp_path / "big.jsonl"
    file.write_text("".join(json.dumps({"body": f"{n:0100000}"}) + "\n" for n in range(60)))
    said = tool("replay", state.path, "b", file, "--from", "11", *options)
    assert "the same command without --from goes on with event 41" in said.err
    if not options:
        said = tool("replay", state.path, "b", file, "--from", "11")
        assert "was replayed up to event 40 into b before; without --from it goes on" in said.err
    state.open()
    state.done("b", state.journal._state.next_row, len(state.read("b")))
    state.close()
    said = tool("replay", state.path, "b", file, *options)
    assert said.out == f"20 rows of {file} put into b (40 rows before it passed over)\n"


def test_a_replay_that_was_cut_short_goes_on_where_it_was(
    state: State, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flumec.runtime.channel.replaying.PIECE_BYTES", 1)
    monkeypatch.setattr("flumec.runtime.channel.incoming.MOST_ROWS", 2)
    state.open()
    state.close()
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps({"body": f"line {n}"}) + "\n" for n in range(9)))
    from flumec.runtime.journal import Journal

    real, puts = Journal.submit, []

    def submit(self: Journal, put: Put) -> object:
        if len(puts) == 3:
            raise KeyboardInterrupt
        puts.append(put)
        return real(self, put)

    with monkeypatch.context() as context:
        context.setattr(Journal, "submit", submit)
        with pytest.raises(KeyboardInterrupt):
            tool("replay", state.path, "b", file)
    assert "6 rows so far, not all" in tool("ls", state.path).out
    said = tool("replay", state.path, "b", file)
    assert said.out == f"3 rows of {file} put into b (6 rows before it passed over)\n"
    assert [row["body"] for row in rows(tool, state, "b")] == [f"line {n}" for n in range(9)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is no exported event: "),
        ('{"headers": {}}', "it has no 'body'"),
        ('{"body": "x", "headers": {"n": 1}}', "a header is 1, and no text"),
        ('{"body": "x", "tag": "ab:1"}', "`ab:1` is no tag"),
        ('{"body_base64": "?"}', "is no exported event"),
        ('["body"]', "is no exported event"),
        ('{"body": "x", "born": "yesterday"}', "is no exported event"),
    ],
)
def test_a_file_that_is_no_export_changes_nothing(
    state: State, tool: Tool, tmp_path: Path, line: str, said: str
) -> None:
    state.open()
    state.close()
    file = tmp_path / "in.jsonl"
    file.write_text('{"body": "good"}\n' + line)
    answer = tool("replay", state.path, "b", file)
    assert answer.status == 2
    assert f"error: {file}, line 2" in answer.err
    assert said in answer.err
    assert tool("ls", "--json", state.path).json["channels"][1]["put"] == 0


def test_a_broken_parquet_file_is_told(state: State, tool: Tool, tmp_path: Path) -> None:
    state.open()
    state.close()
    file = tmp_path / "in.parquet"
    file.write_bytes(b"PAR1 and no more")
    assert "is no exported Parquet file" in tool("replay", state.path, "b", file).err


def test_a_removed_channel_takes_nothing(state: State, tool: Tool, tmp_path: Path) -> None:
    state.open()
    state.put("b")
    state.close()
    state.open(A)
    state.close()
    (tmp_path / "in.jsonl").write_text('{"body": "x"}\n')
    said = tool("replay", state.path, "b", tmp_path / "in.jsonl")
    assert "bundle does not have `b` any more" in said.err


def test_times_and_tags_that_a_file_lacks_are_given_anew(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    journal = state.open()
    state.close()
    (tmp_path / "in.jsonl").write_text('{"body": "x"}\n\n{"body": "y"}\n')
    assert tool("replay", state.path, "b", tmp_path / "in.jsonl").status == 0
    journal = state.open()
    (chunk,) = journal.consumer("to_b").read(PATIENCE)
    assert isinstance(chunk, Chunk)
    assert (chunk.tags, chunk.rows, chunk.epoch == journal.epoch) == (None, 2, False)
    assert chunk.born > 1_700_000_000_000_000_000


def test_bare_lines_are_bodies_and_get_the_headers_that_are_given(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    state.open()
    state.put("a", bodies=[b"plain", b"", b"\xff"], headers={"n": "1"})
    state.close()
    file = tmp_path / "out.raw"
    assert tool("export", state.path, "a", "--format", "raw", "--to", file).status == 0
    raw = ("--format", "raw", "--header", "site=a=b", "--header", "n=2")
    assert tool("replay", state.path, "b", file, *raw).status == 0
    found = rows(tool, state, "b")
    assert [row.get("body", row.get("body_base64")) for row in found] == ["plain", "", "/w=="]
    assert all(row["headers"] == {"site": "a=b", "n": "2"} for row in found)
    assert "before; to have its events" in tool("replay", state.path, "b", file, *raw).err
    again = tool("replay", state.path, "b", file, "--format", "raw", "--header", "site=other")
    assert again.status == 0  # other events


def test_headers_that_are_given_stand_over_an_events_own(
    state: State, tool: Tool, exported: Callable[[str], tuple[Path, Rows]]
) -> None:
    file, _ = exported("parquet")
    assert tool("replay", state.path, "b", file, "--header", "host=other").status == 0
    assert {json.dumps(row["headers"]) for row in rows(tool, state, "b")} == {
        '{"host": "other"}', '{"n": "1", "host": "other"}',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--header", "no value"], "`no value` is no header: NAME=VALUE is"),
        (["--from", "0"], "`0` is no number from 1 on"),
        (["--from", "8"], "has 6 events, so none is 8"),
        (["--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_what_is_wrong_with_the_options_is_told(
    state: State,
    tool: Tool,
    exported: Callable[[str], tuple[Path, Rows]],
    options: list[str],
    said: str,
) -> None:
    file, _ = exported("jsonl")
    answer = tool("replay", state.path, "b", file, *options)
    assert (answer.status, said in answer.err) == (2, True), answer.err
    assert tool("ls", "--json", state.path).json["channels"][1]["put"] == 0


def test_it_begins_where_it_is_told_to(
    state: State, tool: Tool, exported: Callable[[str], tuple[Path, Rows]]
) -> None:
    file, before = exported("jsonl")
    said = tool("replay", state.path, "b", file, "--from", "5")
    assert said.out == f"2 rows of {file} put into b (4 rows before it passed over)\n"
    assert rows(tool, state, "b") == before[4:]
    assert "was replayed into b before" in tool("replay", state.path, "b", file, "--from", "6").err
    assert tool("replay", state.path, "b", file, "--again", "--from", "6").status == 0
    assert rows(tool, state, "b") == [*before[4:], before[5]]


def test_the_newest_hundred_files_are_remembered(state: State, tool: Tool, tmp_path: Path) -> None:
    from flumec.runtime.channel.replayed import MOST, SOURCE, Replay
    from flumec.runtime.clock import SystemClock
    from flumec.runtime.disk import RealDisk
    from flumec.runtime.journal import Identity, Journal

    state.path.mkdir()
    journal = Journal.open(
        state.journals, disk=RealDisk(), clock=SystemClock(), identity=Identity("h", "a", "1", ""),
        channels=[ChannelSpec("b", 1 << 20, durable=True)], sources=[SOURCE], consumers=[],
    )  # fmt: skip
    for number in range(MOST + 5):
        known = journal.positions(SOURCE)
        run = Replay.of(known, number.to_bytes(16, "big"), bytes(16))
        step = run.step(number, 1_000 + number, done=bool(number % 2))
        journal.submit(Put(progress=(*run.forgets(known), step))).result(PATIENCE)
    found = journal.positions(SOURCE)
    journal.close()
    assert sorted(int.from_bytes(key[:16], "big") for key in found) == list(range(5, MOST + 5))
    file = tmp_path / "in.jsonl"
    file.write_text('{"body": "x"}\n')
    for _ in range(3):
        assert tool("replay", state.path, "b", file, "--again").status == 0
    (source,) = tool("ls", "--json", state.path).json["sources"]
    assert len(source["positions"]) == MOST
    assert tool("replay", state.path, "b", file).status == 2


def test_what_the_channel_holds_still_is_not_put_there_twice_by_mistake(
    state: State, tool: Tool, exported: Callable[[str], tuple[Path, Rows]], tmp_path: Path
) -> None:
    file, before = exported("jsonl")
    said = tool("replay", state.path, "a", file)
    assert (said.status, f"a holds 6 events of {file} still" in said.err) == (2, True)
    assert rows(tool, state, "a") == before
    journal = state.open()
    state.done("a", 2, 2)
    journal.close()
    assert "a holds 4 events of" in tool("replay", state.path, "a", file).err
    assert "a holds 1 event of" in tool("replay", state.path, "a", file, "--from", "6").err
    poison = tmp_path / "poison"
    assert tool("skip", state.path, "a", "--row", "4", "--to", poison).status == 0
    assert tool("replay", state.path, "a", poison).status == 0  # nobody holds it any more
    assert "a holds 4 events of" in tool("replay", state.path, "a", file).err
    assert tool("replay", state.path, "a", file, "--again").status == 0
    assert tool("ls", "--json", state.path).json["channels"][0]["put"] == 13
