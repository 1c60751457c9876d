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
