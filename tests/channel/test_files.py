"""Segments that are deleted, cut, copied or another journal's: the agent says so, and so does the
tool; what can be read is delivered."""  # noqa: D209

import shutil
from pathlib import Path

import pytest
from flumec.runtime.journal import JournalDamaged
from flumec.runtime.journal.layout import PAGE

from .conftest import State, Tool


@pytest.fixture
def killed(state: State, tmp_path: Path) -> State:
    """Return a state of three segments as a killed process leaves it, all rows held."""
    state.open()
    state.put("b")
    state.fill("a", segments=3)
    state.put("a")
    left = State(tmp_path / "killed")
    shutil.copytree(state.path, left.path)
    return left


def refuses(state: State, tool: Tool, said: str) -> None:
    """Hold the agent and `verify` to refusing, and `skip --damaged` to making it work again."""
    with pytest.raises(JournalDamaged, match=said):
        state.open()
    assert tool("verify", state.path).status == 1
    kept = {name: tool("export", state.path, name, "--skip-damaged").rows for name in "ab"}
    assert tool("skip", state.path, "--damaged").status == 0
    assert tool("verify", state.path).status == 0
    state.open()
    try:
        assert {name: state.read(name) for name in "ab"} == kept
        for channel in state.journal.stats().values():
            assert channel.put == channel.delivered + channel.dropped + channel.held
    finally:
        state.close()


def test_as_it_is_it_opens(killed: State, tool: Tool) -> None:
    assert tool("verify", killed.path).lines[-1] == "sound"
    killed.open()
    assert len(killed.read("b")) == 2
    killed.close()


@pytest.mark.parametrize("which", [0, 1])
def test_an_older_segment_that_is_gone(killed: State, tool: Tool, which: int) -> None:
    killed.segments[which].unlink()
    refuses(killed, tool, f"{which + 1:020}.seg: the file does not exist at byte 0; rows ")


def test_the_newest_segment_that_is_gone(killed: State, tool: Tool) -> None:
    first = tool("ls", "--json", killed.path).json["next_row"]
    killed.segments[2].unlink()
    refuses(killed, tool, f"{3:020}.seg: the file does not exist, or the one before it was cut")
    assert tool("ls", "--json", killed.path).json["next_row"] < first


def test_the_newest_segment_that_is_gone_after_a_clean_end_and_a_new_start(
    state: State, tool: Tool, tmp_path: Path
) -> None:
    state.open()
    state.put("a", "b")
    state.close()
    state.open()
    state.put("a")
    left = State(tmp_path / "killed")
    shutil.copytree(state.path, left.path)
    left.segments[-1].unlink()
    refuses(left, tool, "the file does not exist, or the one before it was cut")


def test_all_segments_gone(killed: State, tool: Tool) -> None:
    for segment in killed.segments:
        segment.unlink()
    with pytest.raises(JournalDamaged, match="this segment, and all others, are gone"):
        killed.open()
    assert "holds no journal" in tool("verify", killed.path).err or tool("ls", killed.path).status


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_the_newest_segment_cut_short(killed: State, tool: Tool, share: float) -> None:
    path = killed.segments[2]
    groups = path.read_bytes().rstrip(b"\0")
    size = PAGE + int((len(groups) - PAGE) * share)
    with path.open("r+b") as file:
        file.truncate(size)
    refuses(killed, tool, "was cut|opening group is not valid")


def test_an_older_segment_cut_short(killed: State, tool: Tool) -> None:
    path = killed.segments[0]
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    killed.open()
    with pytest.raises(JournalDamaged, match="is not valid"):
        killed.read("a")
    killed.close()
    said = tool("verify", killed.path)
    assert said.status == 1
    assert "of a are lost" in said.out or "a, b are lost" in said.out
    assert tool("skip", killed.path, "--damaged").status == 0
    killed.open()
    assert killed.read("a")
    killed.close()


def test_a_segment_copied_to_a_younger_name(killed: State, tool: Tool) -> None:
    shutil.copy(killed.segments[0], killed.journals / f"{4:020}.seg")
    refuses(killed, tool, "it is a copy of segment 1")
    assert (killed.journals / f"{4:020}.seg.damaged").exists()


def test_a_segment_of_another_journal(killed: State, tool: Tool, tmp_path: Path) -> None:
    other = State(tmp_path / "other")
    other.segment_size = killed.segment_size
    other.open()
    other.put("a")
    other.fill("a", segments=4)
    other.close()
    shutil.copy(other.segments[3], killed.journals)
    refuses(killed, tool, "it is of another journal than the one before it")
