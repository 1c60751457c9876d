"""What `lint` promises that --fix would mend is what it mends."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flumec.compiler.cli import flumec

PROMISED = "1 can be mended by --fix"


def test_what_is_only_imported_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("theirs.flow").write_text("let theirs : 5\n")
    Path("ours.flow").write_text('import "theirs.flow" as them\nlet ours : 5\n')

    def said(*arguments: str) -> str:
        return CliRunner().invoke(flumec, ["lint", *arguments], standalone_mode=False).stderr

    assert PROMISED in said("ours.flow")
    assert "mended 1 finding in ours.flow" in said("ours.flow", "--fix")
    assert PROMISED in said("theirs.flow")
