"""The commands of docs/channel.md run as they stand there."""

import re
import shlex
from pathlib import Path

import pytest
from flumec.runtime.journal import ChannelSpec

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
    assert tool("export", "state", "spool", "--to", "spool.parquet").status == 0
    replay, skip, drop = (block.splitlines() for block in BLOCKS[1:])
    for command in (*skip, *replay, *drop):
        said = tool(*shlex.split(command)[2:])
        assert said.status == 0, command + said.out + said.err
    assert len(tool("export", "state", "spool").rows) == 8 - 1 + 1 + 8
