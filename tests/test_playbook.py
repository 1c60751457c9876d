"""The playbook that `build --playbook` writes: its waves, its inventory, that Ansible reads it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from flumec.compiler import cli
from flumec.compiler.build import compile_text
from flumec.compiler.emit import emit
from flumec.compiler.emit.playbook import playbook

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "deploying.md").read_text()
FLOW = (ROOT / "examples" / "weblogs" / "weblogs.flow").read_text()
INI = (ROOT / "examples" / "weblogs" / "hosts.ini").read_text()
CIRCLE = """
hosts left = ["left"]
hosts right = ["right"]
"""
HALF = """
agent from_{0} on {0} {{
  source numbers : seq

  channel spool : file

  numbers -> spool
}}

agent at_{0} on {0} {{
  channel inbox : file

  sink out : null

  inbox -> out
}}

from_{0}.spool => at_{1}.inbox {{
  port = 4141
}}
"""


def made(text: str, **files: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the plays and the inventory."""
    named = {name.replace("_", "."): content for name, content in files.items()}
    compiled = compile_text(text, "main.flow", named)
    assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
    about = {("3.11", "x86_64"): {"name": "flumec-runtime-3.11-x86_64-0123.tar"}}
    files_made = playbook(compiled.plan, about)
    assert emit(compiled.plan, None, files_made)["playbook.yml"] == files_made["playbook.yml"]
    return yaml.safe_load(files_made["playbook.yml"]), json.loads(files_made["inventory.yml"])


def test_receivers_are_in_an_earlier_wave_and_all_are_asked_before() -> None:
    plays, inventory = made(FLOW, hosts_ini=INI)
    assert [play["hosts"] for play in plays] == ["flumec", "flumec_wave_1", "flumec_wave_2"]
    waves = [list(each["hosts"]) for each in inventory["flumec"]["children"].values()]
    assert waves == [["core-1.example.com"], ["web-1.example.com", "web-2.example.com"]]
    assert all(play["any_errors_fatal"] and play["become"] for play in plays)
    commands = [t["ansible.builtin.command"]["cmd"] for play in plays
                for t in play["tasks"] if "ansible.builtin.command" in t]  # fmt: skip
    assert [word for c in commands for word in c.split() if word.startswith("--ch")] == ["--check"]
    assert [("--apply" in command) for command in commands] == [False, False, True, True]
    first = inventory["flumec"]["children"]["flumec_wave_1"]["hosts"]["core-1.example.com"]
    assert first == {
        "ansible_host": "core-1.example.com", "flumec_folder": "core-1.example.com",
        "flumec_runtime": "flumec-runtime-3.11-x86_64-0123.tar",
    }  # fmt: skip


def test_hosts_that_send_to_each_other_are_installed_one_after_the_other() -> None:
    text = CIRCLE + HALF.format("left", "right") + HALF.format("right", "left")
    plays, _ = made(text.replace("4141", "4142", 1))
    assert [play.get("serial") for play in plays] == [None, 1]
    assert "one after the other" in plays[1]["name"]


def test_the_same_files_give_the_same_bytes() -> None:
    assert made(FLOW, hosts_ini=INI) == made(FLOW, hosts_ini=INI)


@pytest.mark.slow
def test_its_page_runs_as_far_as_it_needs_no_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ansible = Path(sys.executable).with_name("ansible-playbook")
    if not ansible.exists():
        pytest.skip("ansible-core is needed: pip install .[dev]")
    for name in ("weblogs.flow", "hosts.ini"):
        shutil.copy(ROOT / "examples" / "weblogs" / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    (lines,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    build, run = lines.splitlines()
    with pytest.raises(SystemExit) as ended:
        cli.main(build.split()[1:])
    assert ended.value.code == 0
    done = subprocess.run(
        [ansible, *run.split()[1:], "--list-tasks"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Install it, and start what is not as it has it") == 2
