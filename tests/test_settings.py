"""Which rules speak, how loud, and where: flumec.toml, `[tool.flumec]`, --select and --ignore."""

from pathlib import Path

import pytest
from flumec.compiler import cli
from flumec.compiler.configuration.reading import read_settings
from flumec.compiler.configuration.selectors import is_on
from flumec.compiler.passes.names import NameStyle, Undocumented, UnusedName

FLOW = """\
hosts web = ["web-1"]

let room = 5

agent a on web {
  source numbers : seq

  channel Spool : memory

  sink out : null

  numbers -> Spool
  Spool -> out
}
"""
FL901, FL902 = "FL901", "FL902"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "fleets" / "web").mkdir(parents=True)
    (tmp_path / "fleets" / "web" / "a.flow").write_text(FLOW)
    monkeypatch.chdir(tmp_path / "fleets")
    return tmp_path


class Said:
    """What `lint` said of a.flow."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        self.codes = [line[line.index("[") + 1 :][:5] for line in out.splitlines()
                      if line.startswith(("error[", "warning[", "note["))]  # fmt: skip


@pytest.fixture
def lint(folder: Path, capsys: pytest.CaptureFixture[str]) -> "Lint":
    return Lint(folder, capsys)


class Lint:
    """Writes settings beside a.flow or above it, and lints it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def __call__(self, *arguments: str, command: str = "lint", **files: str) -> Said:
        for name, text in files.items():
            self.write(name.replace("_", "."), text)
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "web/a.flow", *arguments])
        out, err = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, out, err)

    def write(self, name: str, text: str) -> None:
        (self.folder / "fleets" / name).write_text(text)


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ([], [FL901, FL902]),
        (["--ignore", "FL902"], [FL901]),
        (["--ignore", "name-style"], [FL901]),
        (["--ignore", "name-style,FL901"], []),
        (["--ignore", "name-style", "--ignore", "unused-name"], []),
        (["--ignore", "FL9"], []),
        (["--ignore", "all"], []),
        (["--select", "FL902"], [FL902]),
        (["--select", "FL9", "--ignore", "FL90"], []),
        (["--select", "FL902", "--ignore", "FL90"], [FL902]),
        (["--select", "FL9", "--ignore", "FL9"], []),
        (["--select", "undocumented"], ["FL930"]),
        (["--select", "default,undocumented"], [FL901, "FL930", FL902]),
        (["--select", "FL930", "--ignore", "FL930"], []),
    ],
)
def test_the_most_exact_word_decides(lint: Lint, arguments: list[str], codes: list[str]) -> None:
    said = lint(*arguments)

    assert (said.status, said.codes) == (0, codes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ignore", "missing-property"], "`missing-property` is an error, which cannot be"),
        (["--ignore", "FL2"], "`FL2` names only errors, which cannot be turned off"),
        (["--ignore", "name-stile"], "no rule `name-stile`\nhelp: did you mean `name-style`?"),
        (["--select", "FL99"], "no rule `FL99`\nhelp: `flumec explain` lists all rules"),
        (["--ignore", "FL902 FL901"], "there is no rule `FL902 FL901`"),
        (["--config", "no.toml"], "there is no file `no.toml`"),
    ],
)
def test_what_cannot_be_turned_off_says_so(lint: Lint, arguments: list[str], message: str) -> None:
    said = lint(*arguments)

    assert said.status == 2
    assert message in said.err


def test_an_error_speaks_whatever_is_selected(lint: Lint) -> None:
    lint.write("web/a.flow", FLOW.replace("source numbers : seq", "source numbers : sec"))

    assert lint("--select", "FL908", "--ignore", "all").codes == ["FL106"]


def test_the_nearest_file_is_taken(lint: Lint) -> None:
    assert lint(pyproject_toml='[tool.flumec]\nignore = ["FL901"]\n').codes == [FL902]
    assert lint(flumec_toml='ignore = ["FL902"]\n').codes == [FL901]
    lint.write("web/pyproject.toml", "[tool.other]\n")
    assert lint().codes == [FL901]
    lint.write("web/flumec.toml", "")
    assert lint().codes == [FL901, FL902]
    assert lint("--config", "pyproject.toml").codes == [FL902]


@pytest.mark.parametrize(
    "table",
    [
        '[tool]\nflumec.ignore = ["FL901"]\n',
        'tool = { flumec = { ignore = ["FL901"] } }\n',
        '[ tool . "flumec" ]\nignore = ["FL901"]\n',
    ],
    ids=range(3),
)
def test_a_table_is_found_however_it_is_written(lint: Lint, table: str) -> None:
    lint.write("web/pyproject.toml", "# not [tool.flumec]\n[tool.other]\n")

    assert lint(pyproject_toml=table).codes == [FL902]


def test_the_command_line_selects_instead_and_ignores_as_well(lint: Lint) -> None:
    lint.write("flumec.toml", 'select = ["FL902"]\nignore = ["FL908"]\n')

    assert lint().codes == [FL902]
    assert lint("--select", "FL901").codes == [FL901]
    assert lint("--ignore", "FL902").codes == []


def test_a_severity_is_louder_or_lower(lint: Lint) -> None:
    said = lint(flumec_toml='[severity]\nname-style = "error"\nFL901 = "note"\n')

    assert (said.status, said.out.count("error["), said.out.count("note[")) == (1, 1, 1)
    assert lint("-o", "dist", command="build").status == 1
    assert lint("--fix", "--unsafe").status == 0


def test_files_have_ignores_of_their_own(lint: Lint) -> None:
    table = '[tool.flumec.per-file-ignores]\n"web/*" = ["FL901"]\n"other/*.flow" = ["FL902"]\n'

    assert lint(pyproject_toml=table).codes == [FL902]
    assert lint(flumec_toml='per-file-ignores = { "a.flow" = ["FL9"] }\n').codes == [FL901, FL902]


def test_strict_is_a_setting_too(lint: Lint) -> None:
    assert lint().status == 0
    assert lint(flumec_toml="strict = true\n").status == 1
    assert lint("-o", "dist", command="build").status == 1
    assert lint("--ignore", "FL9").status == 0


def test_a_comment_is_not_useless_where_its_rule_is_off(lint: Lint) -> None:
    text = FLOW.replace("  channel", "  # flumec: ignore[FL902] known so\n  channel")
    lint.write("web/a.flow", text)

    assert lint().codes == [FL901]
    assert lint("--ignore", "FL902").codes == [FL901]


@pytest.mark.parametrize(
    ("text", "code", "marked", "said"),
    [
        ('[tool.flumec]\nignroe = ["FL902"]', "FL081", "ignroe", "did you mean `ignore`?"),
        ("[tool.flumec]\nignore = 'FL902'", "FL082", "ignore", None),
        ("[tool.flumec]\nselect = [902]", "FL082", "select", None),
        ("[tool.flumec]\nstrict = 1", "FL082", "strict", None),
        ("[tool.flumec]\nseverity = []", "FL082", "severity", None),
        ('[tool.flumec.severity]\nFL902 = "fatal"', "FL082", "FL902", None),
        ('[tool.flumec.severity]\nFL203 = "note"', "FL084", "FL203", "warnings and notes"),
        ('[x]\na = "FL999"\n[tool.flumec]\nignore = ["FL901", "FL999"]', "FL083", '"FL999"',
         "`flumec explain`"),
        ('[tool.flumec]\nignore = ["unusedname"]', "FL083", '"unusedname"', "`unused-name`?"),
        ('[tool.flumec]\nignore = ["FL1"]', "FL084", '"FL1"', "warnings and notes"),
        ('[tool.flumec.per-file-ignores]\n"x*" = ["no"]', "FL083", '"no"', None),
        ('[tool.flumec.per-file-ignores]\n"x*" = "FL902"', "FL082", '"x*"', None),
        ('[tool]\nflumec = { ignore = ["no-rule-of-ours"] }', "FL083", '"no-rule-of-ours"', None),
        ("[tool.flumec]\nignore = [FL902]", "FL080", "F", None),
        ("[tool.flumec]\nignore = [", "FL080", "", None),
        ("[tool.flumec]\n\udcff = 1", "FL080", "\udcff", None),
        ("[tool]\nflumec = 1", "FL082", "flumec", None),
        ("[ tool . flumec ]\nstrict = 1", "FL082", "strict", None),
    ],
    ids=range(18),
)  # fmt: skip
def test_a_mistake_in_a_file_is_said_at_its_place(
    text: str, code: str, marked: str, said: str | None
) -> None:
    content = text.encode("utf-8", "surrogateescape")
    (mistake,) = read_settings(Path("pyproject.toml"), content).mistakes

    assert mistake.code == code
    assert mistake.span.source.text[mistake.span.start : mistake.span.end] == marked
    assert said is None or said in str(mistake.hint)


def test_a_mistake_in_a_file_is_a_finding(lint: Lint) -> None:
    said = lint("--ignore", "FL9", flumec_toml='\n\nignore = ["no"]\n')

    assert said.status == 1
    assert " --> flumec.toml:3:11\n" in said.out


def test_which_rules_are_on_without_any_word() -> None:
    assert is_on(UnusedName, ["default"], [])
    assert not is_on(Undocumented, ["default"], [])
    assert is_on(Undocumented, ["all"], ["FL1"])
    assert not is_on(NameStyle, [], [])
