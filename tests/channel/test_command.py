"""`flumec channel` and `python3 -m flumec.runtime.channel` are one tool, on hosts as well."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import State, Tool

RUNTIME_ONLY = """
import sys
class Absent:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("click", "rich", "lark", "jinja2", "networkx") or (
            name.startswith(("flumec.compiler", "flumec.grammar"))
        ):
            raise ModuleNotFoundError(f"a host has no {name}")
sys.meta_path.insert(0, Absent())
from flumec.runtime.channel.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_both_say_the_same(state: State) -> None:
    state.open()
    state.put("a")
    state.close()
    flumec = run(sys.executable, "-m", "flumec.compiler", "channel", "export", state.path, "a")
    host = run(sys.executable, "-c", RUNTIME_ONLY, "export", state.path, "a")
    assert flumec.returncode == host.returncode == 0
    assert flumec.stdout == host.stdout != ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lss"], "error: there is no command `lss`; did you mean `ls`?\n"),
        (
            ["ls"],
            "error: the following arguments are required: DIR\nhelp: flumec channel ls --help",
        ),
        (["ls", "x", "--jsn"], "error: unrecognized arguments: --jsn\n"),
    ],
)
def test_a_wrong_command_line_is_told_as_everywhere(
    tool: Tool, arguments: list[str], said: str
) -> None:
    answer = tool(*arguments)
    assert answer.status == 2
    assert answer.err.startswith(said)


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(state: State) -> None:
    state.open()
    state.put("a", bodies=[b"x" * 100] * 2000)
    state.close()
    command = f"{sys.executable} -m flumec.runtime.channel export {state.path} a | head -1"
    done = run("bash", "-c", command)
    assert "Traceback" not in done.stderr
    assert done.stdout.count("\n") == 1
