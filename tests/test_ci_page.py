"""docs/ci.md is true: its files are what their readers take, and its commands run."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from flumec.compiler.build import lint
from flumec.compiler.cli.report import FORMATS
from flumec.compiler.configuration.reading import read_settings
from flumec.compiler.options import Options

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
GITHUB, GITLAB, PRE_COMMIT = (text for kind, text in FENCES if kind == "yaml")
FLOW = """\
hosts here = ["localhost"]

agent counter on here {
  source numbers : seq

  channel spool : file

  sink out : null

  numbers -> spool
  spool -> out
}
"""


def commands(node: Any) -> list[str]:
    """Return every command of a CI's file, in order."""
    match node:
        case {"run": str(command)}:
            return [command]
        case dict():
            return [command for value in node.values() for command in commands(value)]
        case list():
            return [
                c for each in node for c in ([each] if isinstance(each, str) else commands(each))
            ]
    return []


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "weblogs.flow").write_text(FLOW)
    monkeypatch.chdir(tmp_path)
    scripts = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", f"{scripts}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "text"),
    [("vendor.github-workflows", GITHUB), ("vendor.gitlab-ci", GITLAB)],
    ids=["github", "gitlab"],
)
def test_a_ci_takes_its_file_and_the_commands_in_it_run(
    schema: str, text: str, fleet: Path
) -> None:
    (fleet / "ci.yml").write_text(text)
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, "ci.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout

    ours = [command for command in commands(yaml.safe_load(text)) if command.startswith("flumec")]
    assert len(ours) == 4
    for command in ours:
        subprocess.run(command, shell=True, check=True)
    written = {re.search(r"> (\S+)", command) for command in ours} - {None}
    for found in written:
        assert found is not None
        assert (fleet / found[1]).stat().st_size > 0
        assert found[1] in text.replace(found[0], "")


def test_every_format_is_on_the_page() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(FORMATS)


def test_its_settings_are_read_without_a_mistake() -> None:
    (text,) = (text for kind, text in FENCES if kind == "toml")
    settings = read_settings(Path("flumec.toml"), text.encode())

    assert settings.mistakes == ()
    assert settings.strict
    assert set(tomllib.loads(text)) == {
        "ignore",
        "select",
        "strict",
        "severity",
        "per-file-ignores",
    }


@pytest.mark.slow
def test_pre_commit_runs_the_hooks(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hooks' environment is this one: to make theirs needs every library from the network."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(fleet / "cache"))
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.setenv(name, "ann")
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "ann@example.com")
    hooks, ours = fleet / "hooks", fleet / "ours"
    hooks.mkdir()
    ours.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "init", "-q")
    git(hooks, "add", ".")
    git(hooks, "commit", "-qm", "hooks")
    git(hooks, "tag", "v0.1.0")
    git(ours, "init", "-q")
    config = PRE_COMMIT.replace("https://git.example.com/flumec", str(hooks))
    system = re.sub(r"( +)- id: (.*)", r"\1- id: \2\n\1  language: system", config)
    (ours / ".pre-commit-config.yaml").write_text(system)
    (ours / "weblogs.flow").write_text(FLOW)
    git(ours, "add", ".")

    assert "flumec lint" in pre_commit(ours, 0)
    (ours / "weblogs.flow").write_text(FLOW.replace("spool : file", "spol : file"))
    git(ours, "add", ".")
    assert "error[FL108]" in pre_commit(ours, 1)
    (ours / "weblogs.flow").write_text(FLOW.replace("  sink out", "sink out"))
    git(ours, "add", ".")
    assert "formatted weblogs.flow" in pre_commit(ours, 1)
    assert (ours / "weblogs.flow").read_text() == FLOW


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def pre_commit(folder: Path, status: int) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout


def test_its_comment_silences_what_it_names(fleet: Path) -> None:
    (comment,) = (text for kind, text in FENCES if not kind)
    named = comment.replace(", FL904", "")
    text = FLOW.replace("  channel spool", f"  {named}  channel Spool").replace("spool", "Spool")
    (fleet / "weblogs.flow").write_text(text)

    assert lint([Path("weblogs.flow")], Options()).diagnostics == ()
