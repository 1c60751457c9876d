"""The command line as a process: pipes, full disks, odd names, and the first flow, really run."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from flumec.compiler import cli

FLUMEC = [sys.executable, "-m", "flumec.compiler"]
GOOD = """\
hosts here = ["localhost"]

agent counter on here {
  source numbers : seq

  channel spool : file

  sink out : null

  numbers -> spool
  spool -> out
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "good.flow").write_text(GOOD)
    (tmp_path / "bad.flow").write_text(GOOD.replace("null", "nil"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flumec(*arguments: str | bytes, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FLUMEC, *arguments], input=text, capture_output=True, text=True, check=False, timeout=120
    )


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in which `"$@"` is flumec."""
    return subprocess.run(
        ["bash", "-c", script, "-", *FLUMEC], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_first_flow_runs_as_init_says(folder: Path) -> None:
    wrote = flumec("init", 'first "100%" ${x}')
    said = shlex.split(wrote.stdout.splitlines()[-1])

    ran = flumec(*said[1:])

    assert (wrote.returncode, ran.returncode) == (0, 0), ran.stderr + ran.stdout
    files = sorted(Path('first "100%" ${x}', "out").rglob("*.log"))
    numbers = [int(line) for path in files for line in path.read_text().splitlines()]
    assert sorted(numbers) == list(range(10_000))


@pytest.mark.slow
def test_a_flow_may_come_through_a_pipe() -> None:
    assert flumec("lint", "/dev/stdin", text=GOOD).returncode == 0
    assert flumec("lint", "/dev/stdin", text=GOOD.replace("null", "nil")).returncode == 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_no_mistake_of_ours() -> None:
    done = shell('"$@" components --all >/dev/full')

    assert done.returncode == 2
    assert done.stderr == "error: cannot write the output: No space left on device\n"


@pytest.mark.slow
def test_closed_streams_change_no_status() -> None:
    assert shell('"$@" lint good.flow >&-').returncode == 0
    assert shell('"$@" lint bad.flow >&- 2>&-').returncode == 1
    assert shell('"$@" explain FL201 >&- 2>&-').returncode == 0


@pytest.mark.slow
def test_no_command_shows_the_help_as_a_mistake() -> None:
    done = flumec()

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: flumec ")


@pytest.mark.slow
def test_fmt_changes_nothing_where_a_file_is_missing() -> None:
    Path("ugly.flow").write_text("let a=1\n")

    done = flumec("fmt", "ugly.flow", "missing.flow")

    assert (done.returncode, Path("ugly.flow").read_text()) == (2, "let a=1\n")


@pytest.mark.slow
def test_init_refuses_a_folder_whose_name_no_flow_can_say() -> None:
    name = os.fsencode("folder") + b"\xff"

    done = flumec("init", name)

    assert done.returncode == 2
    assert "is not UTF-8" in done.stderr
    assert list(Path(os.fsdecode(name)).iterdir()) == []


@pytest.mark.slow
def test_components_knows_kinds_and_what_is_to_come() -> None:
    sources = flumec("components", "source").stdout
    assert [line for line in sources.splitlines() if line.startswith("## ")] == [
        f"## source `{name}`" for name in ("taildir", "http", "link", "seq")
    ]
    assert "## link `arrow`" in flumec("components", "link").stdout
    assert "`kafka` is not possible yet" in flumec("components", "kafka").stderr


def test_the_json_of_two_runs_is_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        with pytest.raises(SystemExit):
            cli.main(["lint", "bad.flow", "good.flow", "--format", "json"])
        said.append(capfd.readouterr().out)

    assert said[0] == said[1] != ""


@pytest.mark.slow
def test_two_builds_at_once_leave_one_whole_bundle() -> None:
    command = [*FLUMEC, "build", "good.flow", "-o", "dist"]
    for _ in range(2):
        builds = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
        codes = [build.wait(120) for build in builds]
        for build in builds:
            build.communicate()
        assert codes == [0, 0, 0]
        assert flumec("build", "good.flow", "-o", "dist", "--check").returncode == 0
        assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []
