"""What docs/proofs.md shows is what the command says of the very flow on the page."""

import re
from pathlib import Path

import pytest
from flumec.compiler import cli
from flumec.compiler.build import lint_text
from flumec.compiler.explain import every_rule
from flumec.runtime.failure import Failure

PAGE = Path(__file__).parent.parent.parent / "docs" / "proofs.md"
TEXT = PAGE.read_text("utf-8")
(FLOW,) = re.findall(r"^```flow\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```\n\$ flumec ([^\n]+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_its_flow_has_no_mistake() -> None:
    assert [one.code for one in lint_text(FLOW).diagnostics if one.severity == "error"] == []


@pytest.mark.parametrize(("line", "shown"), SHOWN, ids=[line for line, _ in SHOWN])
def test_the_command_says_what_it_shows(
    line: str,
    shown: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "shop.flow").write_text(FLOW)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())

    assert ended.value.code == 0
    assert capfd.readouterr().out == shown


def test_it_explains_every_failure() -> None:
    named = re.findall(r"^\| ([a-z ,]+) \|", TEXT.partition("## Where")[0], re.MULTILINE)
    told = {word.strip() for row in named for word in row.split(",")} - {"failure"}
    assert told == {failure.value for failure in Failure} - {"always"}


def test_the_rules_that_it_names_exist() -> None:
    assert set(re.findall(r"FL\d{3}", TEXT)) <= set(every_rule())


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
