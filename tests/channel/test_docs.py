"""The commands of docs/channel.md run as they stand there."""

import re
import shlex
from pathlib import Path

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, Identity, Journal
from flumec.runtime.journal.packing import Key, Keys
from flumec.runtime.journal.specs import Settings

from .conftest import State, Tool

PAGE = (Path(__file__).parents[2] / "docs" / "channel.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_its_reading_commands_run(
    state: State, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.open(ChannelSpec("spool", 1 << 20, durable=True))
    for _ in range(4):
        state.put("spool")
    monkeypatch.chdir(tmp_path)
    for command in BLOCKS[0].splitlines():
        flumec, channel, *arguments = shlex.split(command)
        assert (flumec, channel) == ("flumec", "channel")
        said = tool(*arguments)
        assert said.status == 0, command + said.out + said.err
    assert (tmp_path / "spool.jsonl").read_text().count("\n") == 8
    assert (tmp_path / "spool.parquet").stat().st_size


def test_its_writing_commands_run(
    state: State, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, old = (ChannelSpec(name, 1 << 20, durable=True) for name in ("spool", "old"))
    state.open(spool, old)
    for _ in range(4):
        state.put("spool", "old")
    state.close()
    state.open(spool)
    state.close()
    monkeypatch.chdir(tmp_path)
    for file in ("spool.parquet", "spool.jsonl"):
        assert tool("export", "state", "spool", "--to", file).status == 0
    (tmp_path / "access.log").write_text("one\ntwo\nthree\n")
    replay, skip, drop = (block.splitlines() for block in BLOCKS[1:4])
    for command in (*skip, *replay, *drop):
        said = tool(*shlex.split(command)[2:])
        assert said.status == 0, command + said.out + said.err
    assert len(tool("export", "state", "spool").rows) == 8 - 1 + 1 + 8 + 3 + 6


def test_its_commands_on_an_encrypted_journal_run(
    tmp_path: Path, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = State(tmp_path / "sealed")
    state.path.mkdir()
    for name in ("old", "new"):
        (tmp_path / f"{name}.key").write_text(name * 16 + "\n")
        state.journal = Journal.open(
            state.journals, disk=RealDisk(), clock=SystemClock(),
            identity=Identity("web-1", "tailer", "1", ""),
            channels=[ChannelSpec("spool", 1 << 20, durable=True)], sources=[], consumers=[],
            settings=Settings("none", Keys(Key(name * 16), [Key("old" * 16)])),
        )  # fmt: skip
        state.put("spool")
        state.close()
    (commands,) = (block.splitlines() for block in BLOCKS[4:])
    for command in commands:
        assert tool(*shlex.split(command)[2:]).status == 0, command
        without = tool(*[w for w in shlex.split(command)[2:] if "key" not in w])
        assert "--key-file" in without.out + without.err
