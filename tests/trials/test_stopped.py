"""`flumec test` of files with errors: CI sees them; what settings make one can be ignored."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flumec.compiler.cli import flumec

FLOW = """\
hosts web = ["web-1"]

agent a on web {
  source numbers : seq {
    total = 3
  }

  channel Spool : memory

  sink out : null

  numbers -> Spool
  Spool -> out
}

test "it counts" {
  expect(a.out, count = 3)
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.flow").write_text(FLOW)
    (tmp_path / "flumec.toml").write_text('[severity]\nname-style = "error"\n')
    return tmp_path


def flumec_with(*arguments: str) -> Result:
    return CliRunner().invoke(flumec, arguments, standalone_mode=False)


def test_a_report_has_a_case_for_each_error(folder: Path) -> None:
    (folder / "a.flow").write_text(FLOW.replace("total", "totl").replace("null", "nul"))

    done = flumec_with("test", "a.flow", "--junit", "report.xml")

    assert done.return_value == 1
    root = ET.parse(folder / "report.xml").getroot()
    names = [case.attrib["name"] for case in root.iter("testcase")]
    assert [name.partition(" at ")[0] for name in names] == [
        "FL201 unknown-property", "FL902 name-style", "FL106 unknown-component-type",
    ]  # fmt: skip
    assert root.attrib["failures"] == "3"
    assert all(case.find("failure") is not None for case in root.iter("testcase"))


def test_what_is_ignored_stops_no_test(folder: Path) -> None:
    assert flumec_with("test", "a.flow", "--junit", "report.xml").return_value == 1
    assert "name-style" in (folder / "report.xml").read_text()

    done = flumec_with("test", "a.flow", "--junit", "report.xml", "--ignore", "name-style")

    assert done.return_value == 0
    (case,) = ET.parse(folder / "report.xml").getroot().iter("testcase")
    assert case.attrib["name"] == "it counts"


CHOICES = [("--ignore", "FL9"), ("--select", "FL3"), ("--config", "other")]


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice[0])
def test_rules_are_chosen_as_for_lint(folder: Path, choice: tuple[str, str]) -> None:
    (folder / "other").write_text('ignore = ["name-style"]\n')

    assert flumec_with("test", "a.flow", "-k", "it").return_value == 1
    assert flumec_with("test", "a.flow", "-k", "it", *choice).return_value == 0


def test_each_command_that_stops_at_errors_lets_ignore_what_settings_made_one(folder: Path) -> None:
    ignored = ("a.flow", "--ignore", "name-style")
    assert flumec_with("build", "-o", "dist", *ignored).return_value == 0

    for command in (("prove",), ("graph",), ("plan", "--against", "dist")):
        stopped = flumec_with(*command, "a.flow")
        assert "FL902" in stopped.stderr
        assert stopped.return_value != 0
        assert flumec_with(*command, *ignored).return_value == 0
