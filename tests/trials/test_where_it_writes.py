"""What `flumec test` writes, where it cannot, and what a terminal would obey."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flumec.compiler.cli import flumec
from flumec.compiler.cli.failures import CannotRun

FLOW = """\
hosts one = ["one-1"]

agent counter on one {
  source numbers : seq {
    total = 3
  }

  channel spool : memory

  sink out : null

  numbers -> spool
  spool -> out
}

test "größe\\u001b[31m" {
  expect(counter.out, count = 3)
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.flow").write_text(FLOW, "utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(flumec, ["test", "a.flow", *arguments], standalone_mode=False)


def test_a_folder_that_cannot_be_made_is_said_before_anything_runs(folder: Path) -> None:
    done = run("--keep", str(folder / "a.flow" / "kept"))

    assert isinstance(done.exception, CannotRun)
    assert "Not a directory" in str(done.exception)
    assert not done.stdout


def test_a_title_moves_no_cursor() -> None:
    done = run()

    assert done.return_value == 0
    assert "\x1b" not in done.stdout


def test_a_report_is_utf_8_where_the_surroundings_are_not(folder: Path) -> None:
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "flumec.compiler", "test", "a.flow", "--junit", "a.xml"],
        env=plain, capture_output=True, check=False, cwd=folder,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (case,) = ET.parse(folder / "a.xml").getroot().iter("testcase")
    assert case.attrib["name"].startswith("größe")
