"""What docs/bundles.md says is so: its commands run, its flow compiles, its links lead on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.cli.build import command as build
from flumec.compiler.cli.wheels import command as wheels
from flumec.compiler.emit.installer import installer

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "bundles.md"
TEXT = PAGE.read_text("utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_its_flow_is_clean() -> None:
    (flow,) = [text for kind, text in FENCES if kind == "flow"]
    agent = (
        "\nagent a on web {\n  source s : seq\n\n  channel c : file\n\n  sink n : null\n\n"
        "  s -> c\n  c -> n\n}\n"
    )
    assert lint_text(flow + agent).diagnostics == ()


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


def test_the_options_that_it_names_exist() -> None:
    known = {option for command in (build, wheels) for p in command.params for option in p.opts}
    known |= set(re.findall(r'"(--[a-z-]+)"', installer().decode()))
    assert set(re.findall(r"--[a-z][a-z-]+", TEXT)) <= known


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_its_commands_run(tmp_path: Path) -> None:
    """On the image of a host: what is done to a running one is in test_bundle_hosts.py."""
    if (ROOT / "build" / "wheels").is_dir():  # the lock is there: no network
        shutil.copytree(ROOT / "build" / "wheels", tmp_path / "wheels")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    building, applying, back, removing = [text for kind, text in FENCES if kind == "sh"]
    image = tmp_path / "image"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(script: str, folder: Path, status: int = 0) -> str:
        home, home_in = "/opt/flumec/current/install", f"{image}/opt/flumec/current/install"
        script = script.replace(home, home_in).replace("install --", f"install --root {image} --")
        done = subprocess.run(
            ["sh", "-ec", script],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    run(building, tmp_path)
    named = set(re.findall(r"^\| `([^`…]+?)/?`", TEXT, re.MULTILINE))
    assert named <= {path.name for path in (tmp_path / "dist").iterdir()} | {"web-1.example.com"}
    assert "is in" in run(applying, tmp_path / "dist")
    assert "no bundle to go back to" in run(back, tmp_path, 2)
    remove, purge = removing.splitlines()
    assert "flumec is removed" in run(remove, tmp_path)
    assert "nothing to do" in run(
        purge.replace("/opt/flumec/current/", "./"), tmp_path / "dist/web-1.example.com"
    )
    assert not (image / "opt/flumec").exists()
