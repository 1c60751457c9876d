"""What the README says is so: its flow, its picture, its message, its commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flumec.compiler import cli
from flumec.compiler.build import lint, lint_text
from flumec.compiler.draw import draw
from flumec.compiler.graph import Graph
from flumec.compiler.options import Options

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

WRONG = """\
hosts web = ["web-1"]

agent a on web {
  source access : taildir {
    files = ["/var/log/nginx/access.log"]
  }

  channel spool : file {
    size = 10mb
  }

  sink store : file_roll {
    directry = "/srv/logs"
  }

  access -> spol
  spool -> store
}
"""


def flumec(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_its_flow_is_clean() -> None:
    (flow,) = [text for _, text in FENCES if text.startswith("param lake")]

    assert lint_text(flow).diagnostics == ()


def test_its_message_is_what_lint_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "web.flow").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    status = flumec("lint", "web.flow")

    (shown,) = [text for _, text in FENCES if text.startswith("error[FL205]")]
    assert status == 1
    assert capsys.readouterr().out.startswith(shown)


def test_its_proof_is_what_prove_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = re.findall(r"^`flumec (prove .*)`:$", README, re.MULTILINE)
    monkeypatch.chdir(ROOT)
    status = flumec(*command.split())

    assert (status, capsys.readouterr().out in {text for _, text in FENCES}) == (0, True)


def test_its_broken_check_is_the_page_of_the_language() -> None:
    (shown,) = [text for _, text in FENCES if text.startswith("error[FL601]")]
    assert shown.strip() in (ROOT / "tests" / "rendering" / "weblogs.txt").read_text()


def test_its_picture_is_what_graph_draws() -> None:
    fleet = lint([ROOT / "examples" / "weblogs" / "weblogs.flow"], Options()).fleet

    assert draw(fleet, Graph(fleet), "svg") == (ROOT / "docs" / "weblogs.svg").read_text()


@pytest.mark.slow
def test_its_commands_run(tmp_path: Path) -> None:
    (block,) = [text for kind, text in FENCES if kind == "sh" and "flumec init" in text]
    commands = [line for line in block.splitlines() if line.startswith("flumec")]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    for command in commands:
        ran = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment,
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_leads_to_every_page() -> None:
    pages = [f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))]
    assert [page for page in pages if f"]({page})" not in README] == []


def test_its_make_targets_exist() -> None:
    targets = re.findall(r"`?make (\w+)`?", README)

    makefile = (ROOT / "Makefile").read_text()
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_its_numbers_are_those_of_what_is_run() -> None:
    (kinds,) = re.findall(r"makes (\d+) kinds of mistake", README)
    (fleets,) = re.findall(r"lets ([\d,]+) random fleets", README)
    page, prove = ROOT / "docs" / "mutations.md", ROOT / "tests" / "prove" / "__main__.py"

    assert f"\n{kinds} kinds, " in page.read_text()
    assert f"default={fleets.replace(',', '')}" in prove.read_text()
