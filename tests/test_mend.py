"""`lint --fix`: what is mended is gone, all else stays byte by byte, and nothing new is wrong."""

import re
from functools import cache
from pathlib import Path

import pytest
from flumec.compiler import cli
from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.explain import every_rule, examples
from flumec.compiler.gallery import about
from flumec.compiler.inputs import in_memory
from flumec.compiler.mend import MOST_ROUNDS, Mended, mend
from flumec.compiler.options import Options
from test_diagnostics import FILES, split

RULES = Path(__file__).parent.parent / "docs" / "rules.md"

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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flumec(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def mended(files: dict[str, str], *, unsafe: bool, given: int = 1) -> Mended:
    paths = [Path(name) for name in files][:given]
    return mend(paths, Options(), in_memory(files), unsafe=unsafe)


def after(text: str, *, unsafe: bool = False) -> str:
    """Return a text as it is mended."""
    return mended({"main.flow": text}, unsafe=unsafe).texts.get("main.flow", text)


@cache
def said_before(name: str, text: str) -> tuple[Diagnostic, ...]:
    return lint_text(text, name).diagnostics


ROWS = re.findall(r"^\| (FL\d{3}) \|.*\| `--(fix|unsafe)` \|", RULES.read_text(), re.MULTILINE)
SAFE = {code: way == "fix" for code, way in ROWS}
"""What mends the example of a rule, and whether it is safe, as the page of all rules has it.

tests/test_reference.py holds that page to what is said about the examples.
"""


def _example(code: str) -> dict[str, str]:
    return examples(every_rule()[code])[0]


def test_many_rules_can_be_mended() -> None:
    assert len(SAFE) >= 40
    assert sum(SAFE.values()) >= 18


@pytest.mark.parametrize("code", SAFE)
def test_the_example_of_a_rule_is_clean_once_it_is_mended(code: str) -> None:
    files = _example(code)
    fixes = [one.fix for one in about(files) if one.fix]
    assert fixes
    assert all(fix.title[0].islower() for fix in fixes)
    assert all(fix.safe for fix in fixes) is SAFE[code]
    found = mended(files, unsafe=not SAFE[code])

    left = [one for one in found.linted.diagnostics if one.severity != "note"]
    assert [(one.code, one.message) for one in left] == []
    assert {one.code for one in found.mended} == {code}
    assert mended({**files, **found.texts}, unsafe=True).mended == []


@pytest.mark.parametrize("code", [code for code, safe in SAFE.items() if not safe])
def test_what_is_only_probable_waits_for_unsafe(code: str) -> None:
    assert mended(_example(code), unsafe=False).texts == {}


@pytest.mark.parametrize(
    ("path", "unsafe"),
    [
        pytest.param(
            path, unsafe, id=f"{path.stem}-{'unsafe' if unsafe else 'safe'}",
            marks=pytest.mark.slow if (2 * number + unsafe) % 5 else (),
        )
        for number, path in enumerate(FILES)
        for unsafe in (False, True)
    ],
)  # fmt: skip
def test_mending_a_wrong_file_makes_nothing_worse(path: Path, unsafe: bool) -> None:
    program, _ = split(path.read_text())
    before = said_before(path.name, program)
    found = mended({path.name: program}, unsafe=unsafe)

    assert found.linted.diagnostics == () or found.linted.diagnostics[0].span.source is not None
    assert sum(each.code < "FL100" for each in found.linted.diagnostics) <= sum(
        each.code < "FL100" for each in before
    )
    assert len(found.mended) < MOST_ROUNDS
    if path.name in found.texts:
        assert mended({path.name: found.texts[path.name]}, unsafe=unsafe).mended == []
    else:
        assert found.mended == []


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("hosts a = ['x']; hosts b = ['y']\n", 'hosts a = ["x"]\nhosts b = ["y"]\n'),
        ("hosts a = [\r\n  'x'\r\n  'y'\r\n]\r\n", 'hosts a = [\r\n  "x",\r\n  "y"\r\n]\r\n'),
        ("\ufeffhosts a = [“x”]   # x;\n", 'hosts a = ["x"]   # x;\n'),
        ('hosts a = ["x" "x"]', 'hosts a = ["x"]'),
        ('hosts a = ["x" # one\n  "y"]\n', 'hosts a = ["x", # one\n  "y"]\n'),
        ("hosts a: [10.0.0.1]", 'hosts a = ["10.0.0.1"]'),
        ('hosts a = ["x"] { disk = 1GiB; site = "s" }\n',
         'hosts a = ["x"] {\n  disk = 1GiB\n  site = "s"\n}\n'),
        ('hosts a = ["x"] {\n  vars { a : path, b : path = "/{" }\n}\n', None),
        ('hosts a = ["x"] {\n  disk = 4 GiB\n}\n', 'hosts a = ["x"] {\n  disk = 4GiB\n}\n'),
        ('hosts a = ["x"] {\n  nic = 1 GB/s\n}\n', 'hosts a = ["x"] {\n  nic = 1GB/s\n}\n'),
        ('hosts a = ["x"] {\n  disk = 4 racks\n}\n', None),
        ("hosts a = ['it\"s']\n", None),
    ],
    ids=range(12),
)  # fmt: skip
def test_only_what_is_mended_changes(wrong: str, right: str | None) -> None:
    assert after(wrong) == (wrong if right is None else right)


def test_what_is_no_utf_8_comes_out_as_it_came_in(folder: Path) -> None:
    (folder / "a.flow").write_bytes(b"\xef\xbb\xbf# \xff\r\nhosts a = ['x']\n")

    assert flumec("lint", "a.flow", "--fix") == 1
    assert (folder / "a.flow").read_bytes() == b"# \xff\r\nhosts a = ['x']\n"


def test_a_name_is_changed_wherever_it_is_meant_and_nowhere_else() -> None:
    wrong = """\
hosts web = ["web-1"]
hosts core = ["core-1"]

# Spool is dear to us.
agent Tail on web {
  source access : http {
    port = 8080
  }

  channel Spool : file

  channel Late : file

  access -> route header.Spool {
    "Spool" -> Spool
    else -> drop
  }
}

agent keep on core {
  channel Spool : file

  channel fast : file

  sink out : null {
    dead_letter = fast
  }

  Spool -> out
}

Tail.Spool => keep.Spool {
  port = 4141
  tls = mutual
}

Tail.Late => keep.fast {
  port = 4142
  tls = mutual
}
"""
    found = mended({"main.flow": wrong}, unsafe=True)
    text = found.texts["main.flow"]

    left = [each.span for each in found.linted.diagnostics if each.code == "FL902"]
    assert [span.source.text[span.start : span.end] for span in left] == ["Tail"]
    assert "# Spool is dear to us." in text
    assert 'access -> route header.Spool {\n    "Spool" -> spool\n' in text
    assert "Tail.spool => keep.spool {" in text
    assert "Tail.late => keep.fast {" in text


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("channel Spool : file", 'channel spool : file {\n    formerly = "Spool"\n  }'),
        ("channel Spool : file # dear",
         'channel spool : file {\n    formerly = "Spool"\n  } # dear'),
        ("channel Spool : spill {\n    # much\n    size = 1GiB\n  }",
         'channel spool : spill {\n    formerly = "Spool"\n    # much\n    size = 1GiB\n  }'),
        ("channel Spool : memory", "channel spool : memory"),
        ('channel Spool : file {\n    formerly = "old"\n  }', None),
    ],
    ids=range(5),
)  # fmt: skip
def test_a_channel_that_is_renamed_keeps_what_it_holds(wrong: str, right: str | None) -> None:
    text = GOOD.replace("-> spool", "-> Spool").replace("spool ->", "Spool ->")
    text = text.replace("channel spool : file", wrong)

    mended_text = after(text, unsafe=True)

    assert mended_text == (text if right is None else GOOD.replace("channel spool : file", right))


LIMITED = "template limited(text : size) {\n  size = text\n}\n\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (" = limited(text = 1GiB)", ' = limited(text = 1GiB) {\n    formerly = "Spool"\n  }'),
        (" = limited(\n    text = 1GiB, # {\n  ) {\n    size = 2GiB\n  }",
         ' = limited(\n    text = 1GiB, # {\n  ) {\n    formerly = "Spool"\n    size = 2GiB\n  }'),
    ],
    ids=range(2),
)  # fmt: skip
def test_a_renamed_channel_may_have_a_template(wrong: str, right: str) -> None:
    good = LIMITED + GOOD.replace("channel spool : file", f"channel spool : file{right}")
    text = good.replace(right, wrong).replace("spool", "Spool")
    assert after(text, unsafe=True) == good


@pytest.mark.parametrize("name", ["counter", "numbers", "out"])
def test_a_name_by_which_a_host_keeps_state_is_left(name: str) -> None:
    text = re.sub(rf"\b{name}\b", name.title(), GOOD)

    assert after(text, unsafe=True) == text


def test_a_name_that_would_clash_is_left() -> None:
    text = GOOD.replace("source numbers", "source Spool").replace("numbers ->", "Spool ->")

    assert after(text, unsafe=True) == text


def test_what_is_unused_goes_with_its_documentation() -> None:
    unused = "## How large\n## it is.\nlet room = [\n  1GiB,\n]\n\n"

    assert after(GOOD.replace("agent", f"{unused}agent"), unsafe=True) == GOOD
    assert after(GOOD + "\nlet a = 1\nlet b = a\n", unsafe=True) == GOOD + "\n"


def test_a_file_that_is_only_imported_belongs_to_others() -> None:
    part = "let room = 5;\n"
    found = mended({"main.flow": 'import "p.flow" as p\n' + GOOD, "p.flow": part}, unsafe=True)

    assert "p.flow" not in found.texts
    both = mended({"p.flow": part, "main.flow": GOOD}, unsafe=False, given=2)
    assert both.texts == {"p.flow": "let room = 5\n"}


WRONG = (
    GOOD.replace("numbers -> spool", "numbers => spool")
    .replace(": seq", ": seq;")
    .replace("out : null", "out : nul")
)


def test_fix_writes_the_file_and_reports_the_rest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "a.flow"
    path.write_bytes(WRONG.encode())
    path.chmod(0o640)

    assert flumec("lint", "a.flow") == 1
    assert capsys.readouterr().err.endswith(
        "3 errors\n2 can be mended by --fix; 1 by --fix --unsafe, if it is meant\n"
    )
    assert flumec("lint", "a.flow", "--fix") == 1
    said = capsys.readouterr()
    assert "error[FL106]" in said.out
    assert said.err == (
        "mended 2 findings in a.flow\n1 error\n1 can be mended by --fix --unsafe, if it is meant\n"
    )
    assert flumec("lint", "a.flow", "--fix", "--unsafe") == 0
    assert capsys.readouterr().err == "mended 1 finding in a.flow\n"
    assert path.read_text() == GOOD
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in folder.iterdir()] == ["a.flow"]
    assert flumec("lint", "a.flow", "--fix") == 0
    assert capsys.readouterr().err == ""


def test_diff_shows_it_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.flow").write_text(WRONG)

    assert flumec("lint", "a.flow", "--diff") == 1
    shown = capsys.readouterr().out
    assert "-  numbers => spool\n+  numbers -> spool\n" in shown
    assert shown.startswith("--- a.flow\n+++ a.flow (mended)\n")
    assert "out : nul\n" in shown
    assert (folder / "a.flow").read_text() == WRONG
    (folder / "a.flow").write_text(GOOD)
    assert flumec("lint", "a.flow", "--diff", "--unsafe") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unsafe"], "--unsafe goes with --fix or --diff"),
        (["--diff", "--format", "json"], "--diff shows a diff and nothing else"),
    ],
)
def test_what_makes_no_sense_is_said(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.flow").write_text(GOOD)

    assert flumec("lint", "a.flow", *arguments) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written_stays_whole(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    (folder / "a.flow").write_text(WRONG)
    monkeypatch.setattr(Path, "replace", full)

    assert flumec("lint", "a.flow", "--fix") == 2
    assert "cannot write `a.flow`: No space left on device" in capsys.readouterr().err
    assert (folder / "a.flow").read_text() == WRONG
    assert [each.name for each in folder.iterdir()] == ["a.flow"]
