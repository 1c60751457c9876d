"""The command line: what each command prints, where, and with which exit status."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flumec.compiler import cli
from flumec.compiler.cli.group import COMMANDS

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
BAD = GOOD.replace("numbers : seq", "numbers : sec").replace("out : null", "out : nil")
WARNED = GOOD.replace("numbers", "Numbers")

FLUMEC = [sys.executable, "-m", "flumec.compiler"]


class Said:
    """What one command said."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


Flumec = Callable[..., Said]


@pytest.fixture
def flumec(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Flumec:
    """Run a command in a folder with good.flow, bad.flow and warned.flow."""
    (tmp_path / "good.flow").write_text(GOOD)
    (tmp_path / "bad.flow").write_text(BAD)
    (tmp_path / "warned.flow").write_text(WARNED)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, out, err)

    return run


def test_lint_of_a_good_flow_says_nothing(flumec: Flumec) -> None:
    said = flumec("lint", "good.flow")
    assert (said.status, said.out, said.err) == (0, "", "")


def test_lint_shows_every_mistake_at_once(flumec: Flumec) -> None:
    said = flumec("lint", "bad.flow")
    assert said.status == 1
    assert said.out.count("error[") == 2
    assert said.err == "2 errors\n1 can be mended by --fix --unsafe, if it is meant\n"


def test_lint_as_json_is_one_object_on_the_standard_output(flumec: Flumec) -> None:
    said = flumec("lint", "bad.flow", "--format", "json")
    assert (said.status, said.err) == (1, "")
    assert [each["line"] for each in json.loads(said.out)["diagnostics"]] == [4, 8]
    assert json.loads(flumec("lint", "good.flow", "--format", "json").out)["diagnostics"] == []


def test_a_warning_is_a_finding_only_if_strict(flumec: Flumec) -> None:
    assert flumec("lint", "warned.flow").status == 0
    said = flumec("lint", "warned.flow", "--strict")
    assert (said.status, "warning[" in said.out) == (1, True)
    assert flumec("build", "warned.flow", "-o", "dist", "--strict").status == 1
    assert not Path("dist").exists()


def test_params_come_from_the_command_line(flumec: Flumec) -> None:
    Path("p.flow").write_text('param word : string\n\nhosts x = ["${word}-1"]\n\n' + GOOD)
    Path("w.flowvars").write_text('word = "file"\n')
    assert flumec("lint", "p.flow").status == 1
    assert flumec("lint", "p.flow", "--set", "word=a").status == 0
    assert flumec("lint", "p.flow", "--vars", "w.flowvars").status == 0
    assert "no.flowvars" in flumec("lint", "p.flow", "--vars", "no.flowvars").err


def test_build_writes_a_bundle_and_says_so(flumec: Flumec) -> None:
    said = flumec("build", "good.flow", "-o", "dist")
    assert (said.status, said.out, said.err) == (0, "built 1 agent for 1 host: dist\n", "")
    assert Path("dist/localhost/agents/counter.py").is_file()
    assert flumec("build", "good.flow", "-o", "dist", "--check").out == "dist: up to date\n"


def test_build_check_names_what_differs_and_writes_nothing(flumec: Flumec) -> None:
    flumec("build", "good.flow", "-o", "dist")
    script = Path("dist/localhost/agents/counter.py")
    script.write_text(script.read_text() + "\n")
    before = script.read_bytes()
    said = flumec("build", "good.flow", "-o", "dist", "--check")
    assert said.status == 1
    assert said.out.splitlines() == ["dist: 1 file differs", "changed  localhost/agents/counter.py"]
    assert script.read_bytes() == before
    said = flumec("build", "good.flow", "-o", "nothing", "--check")
    assert (said.status, "no flumec bundle" in said.err) == (2, True)


def test_build_of_a_wrong_flow_leaves_the_bundle(flumec: Flumec) -> None:
    flumec("build", "good.flow", "-o", "dist")
    before = Path("dist/manifest.json").read_bytes()
    said = flumec("build", "bad.flow", "-o", "dist")
    assert (said.status, said.out, said.err.count("error[")) == (1, "", 2)
    assert Path("dist/manifest.json").read_bytes() == before


def test_build_for_some_hosts(flumec: Flumec) -> None:
    more = GOOD.replace("here", "there").replace("localhost", "far").replace("counter", "other")
    Path("two.flow").write_text(GOOD + "\n" + more)
    flumec("build", "two.flow", "-o", "dist", "--hosts", "there")
    names = sorted(path.name for path in Path("dist").iterdir())
    assert names == ["README.md", "far", "far.tar", "firewall.csv", "manifest.json"]
    said = flumec("build", "two.flow", "-o", "dist", "--hosts", "their")
    assert (said.status, said.err) == (
        2,
        "error: there is no host set `their`; did you mean `there`?\n",
    )


def test_what_is_no_bundle_is_not_overwritten(flumec: Flumec) -> None:
    said = flumec("build", "good.flow", "-o", ".")
    assert said.status == 2
    assert "is not empty and is no flumec bundle" in said.err
    assert Path("good.flow").exists()


def test_fmt_in_place_checked_and_shown(flumec: Flumec) -> None:
    Path("ugly.flow").write_text(GOOD.replace(" = ", "="))
    Path("ugly.flow").chmod(0o640)
    assert flumec("fmt", "--check", "ugly.flow", "good.flow").err == "not formatted: ugly.flow\n"
    said = flumec("fmt", "--diff", "ugly.flow")
    assert (said.status, '+hosts here = ["localhost"]\n' in said.out) == (1, True)
    assert flumec("fmt", "ugly.flow").err == "formatted ugly.flow\n"
    assert Path("ugly.flow").read_text() == GOOD
    assert Path("ugly.flow").stat().st_mode & 0o777 == 0o640
    assert flumec("fmt", "--check", "ugly.flow").status == 0
    assert not list(Path().glob(".ugly*"))


def test_fmt_leaves_a_file_with_a_syntax_error(flumec: Flumec) -> None:
    Path("broken.flow").write_text("let x =\n")
    said = flumec("fmt", "broken.flow")
    assert (said.status, "error[" in said.err) == (1, True)
    assert Path("broken.flow").read_text() == "let x =\n"


@pytest.mark.slow
def test_fmt_of_the_standard_input(tmp_path: Path) -> None:
    done = subprocess.run(
        [*FLUMEC, "fmt", "-"], input="let  x=1", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "let x = 1\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["svg", "mermaid", "dot", "json"])
def test_graph_draws(flumec: Flumec, form: str) -> None:
    said = flumec("graph", "good.flow", "--format", form)
    assert (said.status, said.err) == (0, "")
    assert "counter" in said.out
    flumec("graph", "good.flow", "--format", form, "-o", "picture")
    assert Path("picture").read_text() == said.out
    assert flumec("graph", "bad.flow").status == 1
    assert flumec("graph", "good.flow", "-o", "no/such/folder").status == 2


def test_explain_prints_a_rules_page(flumec: Flumec) -> None:
    page = flumec("explain", "FL201").out
    assert page.startswith("# FL201 unknown-property (error)\n")
    assert "```flow" in page
    assert flumec("explain", "unknown-property").out == page == flumec("explain", "fl201").out
    listed = flumec("explain").out.splitlines()
    assert len(listed) > 40
    assert listed == sorted(listed)
    assert flumec("explain", "FL2011").err.startswith(
        "error: there is no rule `FL2011`; did you mean"
    )


def test_explain_lists_what_begins_so_and_takes_several(flumec: Flumec) -> None:
    listed = flumec("explain", "fl9").out.splitlines()
    assert all(line.startswith("FL9") for line in listed)
    assert len(listed) > 8
    both = flumec("explain", "FL201", "RT101").out
    assert ("\n\n# RT101 " in both, both.startswith("# FL201 ")) == (True, True)
    assert flumec("explain", "unknown-propety").err == (
        "error: there is no rule `unknown-propety`; did you mean `unknown-property`?\n"
    )


def test_components_prints_their_pages(flumec: Flumec) -> None:
    assert "## sink `file_roll`" in flumec("components", "file_roll").out
    assert "taildir" in flumec("components").out
    assert flumec("components", "--all").out.startswith("# Components\n")
    said = flumec("components", "file_rol")
    assert (said.status, said.err) == (
        2,
        "error: there is no component `file_rol`; did you mean `file_roll`?\n",
    )
    assert flumec("components", "journal").err == (
        "error: there is no component `journal`; `flumec components` lists those that there are\n"
    )
    assert flumec("components", "--all", "seq").status == 2


def test_init_writes_a_flow_that_is_clean_and_formatted(flumec: Flumec) -> None:
    said = flumec("init", "new/folder")
    assert (said.status, said.err) == (0, "")
    text = Path("new/folder/first.flow").read_text()
    assert flumec("lint", "--strict", "new/folder/first.flow").status == 0
    assert flumec("fmt", "--check", "new/folder/first.flow").status == 0
    said = flumec("init", "new/folder")
    assert (said.status, "is there already" in said.err) == (2, True)
    assert Path("new/folder/first.flow").read_text() == text
    assert flumec("init", "good.flow").status == 2


def test_completion_is_for_the_shells_we_name(flumec: Flumec) -> None:
    for shell in ("bash", "zsh", "fish"):
        said = flumec("completion", shell)
        assert (said.status, "_FLUMEC_COMPLETE" in said.out) == (0, True)
    assert flumec("completion", "tcsh").status == 2


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    asked = """
        eval "$(flumec completion bash)"
        COMP_WORDS=(flumec {words}); COMP_CWORD={at}; _flumec_completion flumec
        echo "${{COMPREPLY[@]}}"
    """
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for words, at, expected in (("bu", 1, "build"), ("build --che", 2, "--check")):
        done = subprocess.run(
            ["bash", "-c", asked.format(words=words, at=at)],
            capture_output=True, text=True, check=False, env={**os.environ, "PATH": path},
        )  # fmt: skip
        assert done.stdout.split() == [expected], done.stderr


def test_every_command_and_option_has_its_help(flumec: Flumec) -> None:
    page = flumec("--help").out
    assert "..." not in page.partition("Commands:")[2]
    for name in COMMANDS:
        assert f"\n  {name} " in page
        command = cli.flumec.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help
        shown = flumec(name, "--help").out
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.help, f"{name} {parameter.name}"  # type: ignore[attr-defined]
                assert max(parameter.opts, key=len) in shown
    assert flumec("-h").out == page
    assert flumec("--version").out.startswith("flumec ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lnt", "good.flow"], "there is no command `lnt`; did you mean `lint`?"),
        (["lint"], "FLOW... is missing"),
        (["lint", "god.flow"], "there is no file `god.flow`; did you mean `good.flow`?"),
        (["lint", "."], "`.` is a folder; name the .flow files in it"),
        (
            ["lint", "good.flow", "--strct"],
            "there is no option `--strct`; did you mean `--strict`?",
        ),
        (["lint", "good.flow", "--format", "xml"], "invalid value for '--format'"),
        (["lint", "good.flow", "--set", "x"], "invalid value for '--set': `x` is not NAME=VALUE"),
        (["build", "good.flow"], "the option `--output` is missing"),
        (["run", "good.flow"], "the option `--state` is missing"),
        (["run", "good.flow", "--state", "good.flow"], "cannot write the bundle"),
        (
            ["run", "good.flow", "--state", "state", "--secrets", "nothing"],
            "cannot read the secrets file `nothing`: No such file or directory",
        ),
        (["build", "good.flow", "-o", "/"], "`/` is a mount point; name a folder in it"),
        (
            ["build", "good.flow", "-o"],
            "option '-o' requires an argument\nhelp: flumec build --help",
        ),
        (["fmt", "nothing.flow"], "there is no file `nothing.flow`"),
        (["graph", "good.flow", "-o", "/proc/nothing"], "cannot write `/proc/nothing`"),
    ],
)
def test_a_wrong_command_line_says_what_was_meant(
    flumec: Flumec, arguments: list[str], said: str
) -> None:
    answer = flumec(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(f"error: {said}")


def test_a_mistake_of_ours_is_one_message_not_a_traceback(
    flumec: Flumec, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the cat\nsat on it")

    monkeypatch.setattr("flumec.compiler.build.lint", fail)
    said = flumec("lint", "good.flow")
    assert said.status == 2
    assert said.err.startswith("error: flumec failed: RuntimeError: the cat\nThis is a mistake in")
    monkeypatch.setenv("FLUMEC_DEBUG", "1")
    with pytest.raises(SystemExit):
        cli.main(["lint", "good.flow"])
    assert "Traceback" in capfd.readouterr().err


def test_an_interrupt_is_told_by_the_status(
    flumec: Flumec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flumec.compiler.build.lint", interrupt)
    assert flumec("lint", "good.flow").status == 130


@pytest.mark.slow
def test_a_reader_that_has_enough_is_no_failure() -> None:
    done = subprocess.run(
        ["bash", "-c", '"$@" components --all | head -n 1; echo "${PIPESTATUS[0]}"', "-", *FLUMEC],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "# Components"
    assert done.stdout.splitlines()[1] in ("0", "141")


@pytest.mark.slow
def test_lint_starts_without_what_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "good.flow").write_text(GOOD)
    heavy = {
        "aiohttp", "asyncio", "flumec.compiler.emit", "flumec.compiler.plan", "hdfs", "jinja2",
        "lark", "logging", "networkx", "pyarrow", "rich", "socket", "yaml",
    }  # fmt: skip
    asked = f"""
import sys
from flumec.compiler.cli import main
try:
    main(["lint", {str(tmp_path / "good.flow")!r}])
finally:
    print(sorted({heavy} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr
