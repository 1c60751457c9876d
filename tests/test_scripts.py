"""Whatever users write, a generated script is Python that reads well, and says what they wrote."""

import ast
import subprocess
import sys
from keyword import iskeyword
from operator import itemgetter
from pathlib import Path

import pytest
from flumec.compiler.emit.layout import LINE, Call, Items, lay_out
from flumec.compiler.emit.literal import comment, docstring, harmless, literal, width
from flumec.compiler.emit.words import RESERVED, variables
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent
RUFF = [sys.executable, "-m", "ruff"]

NOT_FOR_SCRIPTS = (
    *("D203", "D213", "D400", "D415"),  # how docstrings begin and end
    "INP001",  # a script is in no package
    "EXE001",  # git keeps the bit, the bundle sets it
    "CPY001",  # what is generated belongs to the user
    "A001",  # users may call a sink `print`
    *("RUF001", "RUF002", "RUF003"),  # and their paths have letters of all languages
    "N",  # and names are theirs
)

ANY_TEXT = st.text(st.characters(codec=None))
"""Any text, lone surrogates too."""
TRICKY = st.text(st.sampled_from("\\\"'r%{}$#\n\r\t\x00\x85\u2028\u202eä漢́🦀\ud800 a"))
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
ARGUMENTS = NAMES.map(str.lower).filter(lambda name: not iskeyword(name))


@pytest.mark.slow
@given(ANY_TEXT | TRICKY)
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    said = literal(text)
    assert ast.literal_eval(said) == text
    assert "\n" not in said
    said.encode("utf-8")


@given(st.binary())
def test_bytes_come_out_as_they_went_in(data: bytes) -> None:
    assert ast.literal_eval(literal(data)) == data


@given(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_plain_values_come_out_as_they_went_in(value: float | bool | None) -> None:
    assert ast.literal_eval(literal(value)) == value


@pytest.mark.slow
@given(ANY_TEXT | TRICKY)
def test_no_comment_says_more_than_a_comment(text: str) -> None:
    source = "\n".join([*comment(text), "pass", ""])
    source.encode("utf-8")
    assert [type(node) for node in ast.parse(source).body] == [ast.Pass]


@pytest.mark.slow
@given(ANY_TEXT | TRICKY)
def test_a_docstring_says_what_it_is_given(text: str) -> None:
    tree = ast.parse(docstring(text))
    expected = "\n".join(harmless(line).rstrip() for line in text.split("\n"))
    assert ast.get_docstring(tree, clean=False) == expected.replace('"' * 3, "'" * 3) + "\n"


def expressions() -> st.SearchStrategy[object]:
    atoms = (TRICKY | st.text("ab/._", max_size=60)).map(literal) | st.integers().map(literal)
    return st.recursive(
        atoms,
        lambda inner: (
            st.builds(Items, st.lists(inner, max_size=4))
            | st.builds(Call, ARGUMENTS.map(str.title), st.lists(inner, max_size=4))
            | st.builds(
                Call,
                ARGUMENTS.map(str.title),
                st.lists(st.tuples(ARGUMENTS, inner), max_size=4, unique_by=itemgetter(0)),
            )
        ),
        max_leaves=12,
    )


@pytest.mark.slow
def test_expressions_are_laid_out_as_the_formatter_does(tmp_path: Path) -> None:
    lines: list[str] = []

    @settings(max_examples=300)
    @given(expressions())
    def collect(expression: object) -> None:
        lines.append(lay_out(expression, "value = "))  # type: ignore[arg-type]

    collect()
    for number, text in enumerate(lines):
        (tmp_path / f"{number}.py").write_text(text + "\n", "utf-8")
    formatted = [*RUFF, "format", "--isolated", "--diff", tmp_path]
    checked = subprocess.run(formatted, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(lines) > 50


def test_a_long_call_has_an_argument_a_line() -> None:
    call = Call("File", ['"spool"', ("size", Call("Size", ['"4GiB"'])), ("doc", f'"{"x" * 60}"')])
    assert lay_out(call, "spool = ").splitlines() == [
        "spool = File(",
        '    "spool",',
        '    size=Size("4GiB"),',
        f'    doc="{"x" * 60}",',
        ")",
    ]
    assert width("漢字") == 4
    assert LINE == 88


@pytest.mark.slow
@given(st.lists(NAMES | st.sampled_from(sorted(RESERVED)), unique=True), st.frozensets(NAMES))
def test_every_component_has_a_variable_of_its_own(
    names: list[str], imported: frozenset[str]
) -> None:
    chosen = variables(names, imported)
    assert list(chosen) == names
    assert len(set(chosen.values())) == len(names)
    for name, variable in chosen.items():
        assert variable.isidentifier()
        assert variable.rstrip("_") == name.rstrip("_")
        assert variable not in RESERVED | imported
        assert variable == name or name in RESERVED | imported


SCRIPTS = sorted(
    path
    for folder in ("tests/golden", "examples")
    for path in (ROOT / folder).glob("*/bundle/*/agents/*.py")
)


def test_there_are_scripts_to_look_at() -> None:
    assert len(SCRIPTS) > 8


def test_every_script_is_formatted_and_clean() -> None:
    formatted = [*RUFF, "format", "--isolated", "--check", *SCRIPTS]
    ignored = f"--ignore={','.join(NOT_FOR_SCRIPTS)}"
    linted = [*RUFF, "check", "--isolated", "--select=ALL", ignored, *SCRIPTS]
    for command in (formatted, linted):
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_every_script_is_typed(tmp_path: Path) -> None:
    (tmp_path / "flumec").symlink_to(ROOT)
    for number, script in enumerate(SCRIPTS):
        (tmp_path / f"script_{number}.py").write_bytes(script.read_bytes())
    command = [
        sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--namespace-packages",
        "--explicit-package-bases", "--config-file=", f"--cache-dir={ROOT / 'build' / 'mypy'}",
        *sorted(path.name for path in tmp_path.glob("script_*.py")),
    ]  # fmt: skip
    checked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_importing_a_script_does_nothing(tmp_path: Path) -> None:
    looked = """
import runpy, sys
before = set(sys.modules)
for path in sys.argv[1:]:
    script = runpy.run_path(path)
    assert script["agent"].name == path.rpartition("/")[2].removesuffix(".py")
heavy = {"pyarrow", "aiohttp", "asyncio", "socket", "lark", "jinja2", "click"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert not [name for name in sys.modules if name.startswith("flumec.compiler")]
"""
    command = [sys.executable, "-c", looked, *map(str, SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
