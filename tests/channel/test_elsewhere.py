"""Journals of an agent besides its default one: found by its state, wherever they lie."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime import whereabouts
from flumec.runtime.agent import Agent
from flumec.runtime.batch import encode
from flumec.runtime.channels import File
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Ref
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import Identity
from flumec.runtime.journal.records import Frame, Put, Stored
from flumec.runtime.journal_settings import Journal
from flumec.runtime.journals import Journals
from flumec.runtime.keeping import open_journals
from flumec.runtime.quantity import Size
from flumec.runtime.sinks import Null
from flumec.runtime.sources import Seq

from .conftest import Tool


def run(state: Path, other: Path | None, *, spool: str | None = None) -> Journals:
    """Open the journals of an agent with a channel in each; `spool` may move to `other`."""
    agent = Agent("tailer", host="web-1", address="127.0.0.1")
    agent.keep(Journal("fast", directory=other))
    channels = [
        File("spool", size=Size("1MiB"), journal=Ref(spool) if spool else None),
        File("copy", size=Size("1MiB"), journal=Ref("fast")),
    ]
    agent.flow(Seq("numbers"), to=channels)
    for channel in channels:
        agent.deliver(channel, Null(f"reads_{channel.name}"))
    state.mkdir(exist_ok=True)
    return open_journals(
        agent, state, disk=RealDisk(), clock=SystemClock(),
        identity=Identity("web-1", "tailer", "1", "0"),
    )  # fmt: skip


def put(journals: Journals, channel: str, *bodies: str) -> None:
    batch = pa.record_batch({"body": pa.array([body.encode() for body in bodies], pa.binary())})
    outcome = journals.of(channel).submit(Put((Frame((channel,), len(bodies), encode(batch)),)))
    assert isinstance(outcome.result(20), Stored)


def bodies(tool: Tool, state: Path, channel: str) -> list[str]:
    return [json.loads(line)["body"] for line in tool("export", state, channel).lines]


@pytest.fixture(params=["beside", "elsewhere"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a state directory with a second journal in it, or on another disk."""
    other = tmp_path / "disk" / "fast" if request.param == "elsewhere" else None
    if other is not None:
        other.parent.mkdir()
    journals = run(tmp_path / "state", other)
    put(journals, "spool", "one", "two")
    put(journals, "copy", "three")
    journals.close()
    return tmp_path / "state"


def other(state: Path) -> Path:
    """Return where its second journal is."""
    noted = state / whereabouts.ELSEWHERE
    if noted.exists():
        return Path(json.loads(noted.read_text())[0])
    return state / "journal-fast"


def test_all_of_them_are_shown_and_checked(state: Path, tool: Tool) -> None:
    shown = tool("ls", "--json", state).json
    assert [each["journal"] for each in (shown, *shown["others"])] == [
        str(state / "journal"), str(other(state)),
    ]  # fmt: skip
    (fast,) = shown["others"]
    assert [(c["name"], c["held"]) for c in fast["channels"]] == [("copy", 1)]
    said = tool("verify", state)
    assert said.lines.count("sound") == 2
    assert f"{other(state)}:" in said.lines
    assert f"{other(state)}: not open" in tool("ls", state).lines
    assert len(tool("upgrade", state).lines) == 3


def test_damage_in_any_of_them_is_found_and_given_up_there(state: Path, tool: Tool) -> None:
    (segment,) = other(state).glob("*.seg")
    content = bytearray(segment.read_bytes())
    content[content.index(b"three")] ^= 1
    segment.write_bytes(content)
    said = tool("verify", state)
    assert (said.status, "row 0 of copy are lost" in said.out) == (1, True)
    assert "given up: 1 row of copy" in tool("skip", state, "--damaged").out
    assert tool("verify", state).status == 0
    assert bodies(tool, state, "spool") == ["one", "two"]


def test_a_channel_is_found_in_whichever_it_lies(state: Path, tool: Tool, tmp_path: Path) -> None:
    file, row = tmp_path / "out.jsonl", tmp_path / "row.jsonl"
    assert bodies(tool, state, "copy") == ["three"]
    assert tool("export", state, "copy", "--to", file).status == 0
    assert tool("replay", state, "spool", file).status == 0
    assert bodies(tool, state, "spool") == ["one", "two", "three"]
    assert tool("skip", state, "copy", "--row", "0", "--to", row).status == 0
    assert bodies(tool, state, "copy") == []
    said = tool("export", state, "nothing")
    assert "has no channel `nothing`; it has: spool, copy" in said.err


def test_one_is_reached_by_its_own_path_too(state: Path, tool: Tool) -> None:
    shown = tool("ls", "--json", other(state)).json
    assert (shown["state"], shown["others"]) == (str(state), [])
    assert bodies(tool, other(state), "copy") == ["three"]


def test_of_a_channel_that_moved_what_it_left_is_dropped_and_what_it_has_shown(
    state: Path, tool: Tool
) -> None:
    where = other(state)
    journals = run(state, None if where.parent == state else where, spool="fast")
    put(journals, "spool", "four")
    journals.close()
    assert bodies(tool, state, "spool") == ["four"]
    assert bodies(tool, state / "journal", "spool") == ["one", "two"]
    assert tool("drop", state, "spool").out.startswith("dropped 2 rows of spool")
    assert bodies(tool, state, "spool") == ["four"]


def test_all_agents_of_a_host_or_fleet_are_shown_and_one_is_changed(
    tool: Tool, tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet"
    states = [fleet / "core-1" / "collector", fleet / "web-1" / "tailer"]
    for state in states:
        state.parent.mkdir(parents=True)
        journals = run(state, None)
        put(journals, "spool", "one")
        journals.close()
    shown = tool("ls", "--json", fleet).json
    assert [each["state"] for each in (shown, *shown["others"])] == [
        str(state) for state in states for _ in range(2)
    ]
    assert tool("verify", fleet).lines.count("sound") == 4
    for command in (("export", fleet, "spool"), ("skip", fleet, "--damaged")):
        said = tool(*command)
        assert said.status == 2
        assert f"has several agents: name the state of one: {states[0]}, {states[1]}" in said.err
    assert bodies(tool, fleet / "web-1", "spool") == ["one"]


def test_a_copy_of_a_state_directory_leaves_the_originals_disk_alone(
    tool: Tool, tmp_path: Path
) -> None:
    from shutil import copytree

    (tmp_path / "disk").mkdir()
    run(tmp_path / "state", tmp_path / "disk" / "fast").close()
    copytree(tmp_path / "state", tmp_path / "copy")
    assert len(tool("ls", "--json", tmp_path / "state").json["others"]) == 1
    assert tool("ls", "--json", tmp_path / "copy").json["others"] == []


def test_a_journal_that_the_bundle_has_no_more_is_still_found(tool: Tool, tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "fast", tmp_path / "two" / "slow"
    for directory in (first, second):
        directory.parent.mkdir()
    run(tmp_path / "state", first).close()
    agent = Agent("tailer", host="web-1", address="127.0.0.1")
    agent.keep(Journal("slow", directory=second))
    open_journals(
        agent, tmp_path / "state", disk=RealDisk(), clock=SystemClock(),
        identity=Identity("web-1", "tailer", "2", "0"),
    ).close()  # fmt: skip
    shown = tool("ls", "--json", tmp_path / "state").json["others"]
    assert sorted(each["journal"] for each in shown) == sorted(map(str, (first, second)))


@pytest.mark.parametrize("content", ["", "[", "{}", '["/nowhere"]', "[7]"])
def test_a_note_that_is_torn_or_wrong_hides_nothing_else(
    tool: Tool, tmp_path: Path, content: str
) -> None:
    run(tmp_path / "state", None).close()
    (tmp_path / "state" / whereabouts.ELSEWHERE).write_text(content)
    assert len(tool("ls", "--json", tmp_path / "state").json["others"]) == 1
    run(tmp_path / "state", None).close()
