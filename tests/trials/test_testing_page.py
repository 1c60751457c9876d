"""docs/testing.md is so: its tests pass, what it shows is shown, its tables are complete."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flumec.compiler.bind.trials import functions
from flumec.compiler.build import lint_text
from flumec.compiler.cli import flumec

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"
TEXT = PAGE.read_text("utf-8")
(FLOW,) = re.findall(r"^```flow gateway.flow\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```console\n\$ flumec (.*?)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
WRONG = """
test "bob is ann" {
  send(gateway.events, headers(kind = "audit"), body = "user=bob logout")
  expect(gateway.primary, count = 1, header.user = "ann")
}
"""


def timeless(text: str) -> list[str]:
    """Return the lines without seconds and line numbers, sorted: which ends first varies."""
    return sorted(
        re.sub(r"\d+\.\d\ds|gateway.flow:\d+|^\d\d \|", "T", line) for line in text.splitlines()
    )


@pytest.mark.parametrize(
    ("shown", "flow"),
    [(SHOWN[0], FLOW), (SHOWN[1], FLOW[: FLOW.index("\ntest ")] + WRONG)],
    ids=["passes", "fails"],
)
def test_what_it_shows_is_what_is_shown(
    shown: tuple[str, str], flow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gateway.flow").write_text(flow)
    command, output = shown
    done = CliRunner().invoke(flumec, command.split(), standalone_mode=False)

    assert timeless(done.stdout) == timeless(output)


def test_its_flow_is_clean() -> None:
    assert lint_text(FLOW).diagnostics == ()


def test_it_has_every_statement_and_every_argument_of_an_expectation() -> None:
    assert set(re.findall(r"`(\w+)\([a1\"]", TEXT)) == set(functions())
    told = set(re.findall(r"[`(, ](\w+) = ", TEXT))
    known = {name for form in functions().values() for name in form.fields}
    unnamed = {"to", "at", "agent", "place", "link", "sink", "source", "duration", "headers"}
    assert told >= known - unnamed


def test_its_links_lead_somewhere() -> None:
    assert [
        to for to in re.findall(r"\]\(([^)#]+)\)", TEXT) if not (PAGE.parent / to).exists()
    ] == []
