"""No text makes the compiler fail or dawdle: examples, changed at random, are read and linted.

`FLUMEC_FUZZ=20000 pytest -m slow tests/test_fuzz.py` tries as many, in parts that run side by side.
"""

import io
import os
import time
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from pathlib import Path

import pytest
import thorough
from flumec.compiler import cli, tree
from flumec.compiler import format as format_
from flumec.compiler.build import compile_fleet, lint
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.format import format_text
from flumec.compiler.inputs import in_memory
from flumec.compiler.options import Options
from flumec.compiler.parse import parse
from flumec.compiler.parse_tokens import scan
from flumec.compiler.render import as_json, as_text
from flumec.compiler.source import Source
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent
FLOWS = sorted(
    path
    for folder in ("examples", "tests/flows", "tests/golden")
    for path in ROOT.glob(f"{folder}/**/*.flow")
)
TEXTS = [path.read_text() for path in FLOWS]
SCANNED = [[(t.terminal, text[t.start : t.end]) for t in scan(Source("", text))] for text in TEXTS]
TOKENS = [[word for _, word in tokens] for tokens in SCANNED]
WORDS = sorted({word for tokens in TOKENS for word in tokens} | set("{}[]()"))
ALIKE = {
    kind: sorted({word for tokens in SCANNED for terminal, word in tokens if terminal == kind})
    for kind in ("NAME", "STRING", "QUANTITY", "NUMBER", "BOOL", "KIND")
}
PLACES = [
    [at for at, (terminal, _) in enumerate(tokens) if terminal in ALIKE] for tokens in SCANNED
]
INVENTORY = "[web]\nweb-1 log_dir=/var/log\nweb-2\n"
SECONDS = 20
"""Far more than the few milliseconds that one input takes, on however busy a machine."""

FAST = settings(max_examples=25, suppress_health_check=list(HealthCheck))
PARTS = thorough.share(20)
"""What hypothesis remembers of its inputs grows, and slows it down: many short runs are cheaper."""

SLOW = settings(
    max_examples=-(-thorough.share(int(os.environ.get("FLUMEC_FUZZ", "20000"))) // PARTS),
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    database=None,
)


@st.composite
def by_character(draw: st.DrawFn) -> str:
    """Change an example in a few places: take away, put in, copy from elsewhere."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 30))
        other = draw(st.integers(0, len(text)))
        new = draw(st.one_of(st.text(max_size=5), st.just(text[other : other + gone])))
        text = text[:at] + new + text[at + gone :]
    return text


@st.composite
def by_token(draw: st.DrawFn) -> str:
    """Change an example's tokens: leave out, double, swap, take another one's."""
    words = list(draw(st.sampled_from(TOKENS)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(words) - 1))
        other = draw(st.integers(0, len(words) - 1))
        change = draw(st.sampled_from(["drop", "double", "swap", "replace"]))
        if change == "drop":
            words[at] = ""
        elif change == "double":
            words[at] *= 2
        elif change == "swap":
            words[at], words[other] = words[other], words[at]
        else:
            words[at] = draw(st.sampled_from(WORDS))
    return " ".join(words) if draw(st.booleans()) else "".join(words)


@st.composite
def by_line(draw: st.DrawFn) -> str:
    """Change an example's lines: leave out, double, move, indent otherwise."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        other = draw(st.integers(0, len(lines) - 1))
        changes = [[], [lines[at]] * 2, [lines[other]], [" " * (other % 7) + lines[at].lstrip()]]
        lines[at : at + 1] = draw(st.sampled_from(changes)) or [""]
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@st.composite
def by_kind(draw: st.DrawFn) -> str:
    """Put other names and values of the same kind into an example: it can be read, and is wrong."""
    which = draw(st.integers(0, len(TEXTS) - 1))
    words = list(TOKENS[which])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.sampled_from(PLACES[which]))
        words[at] = draw(st.sampled_from(ALIKE[SCANNED[which][at][0]]))
    return " ".join(words)


INPUTS = st.one_of(by_character(), by_token(), by_line(), by_kind())


@lru_cache(maxsize=4)
def read(path: str, text: str) -> tuple[tree.File, list[Diagnostic]]:
    """Parse a text; what follows one after the other asks for the same one again."""
    return parse(Source(path, text))


@pytest.fixture(autouse=True)
def _formatted_as_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the formatter read a text once with the test: to parse is most of the work here."""
    monkeypatch.setattr(format_, "parse", lambda source: read(source.path, source.text))


def through_the_front(text: str) -> None:
    """Parse and format a text; the places of what is said about it are in it."""
    started = time.process_time()
    formatted, found = format_text(Source("main.flow", text))
    for finding in found:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
    if formatted is None:
        assert any(finding.severity == "error" for finding in found)
    else:
        file, _ = read("main.flow", text)
        again, _ = read("main.flow", formatted)
        assert [type(item) for item in again.items] == [type(item) for item in file.items]
        assert format_text(Source("main.flow", formatted))[0] == formatted
    assert time.process_time() - started < SECONDS


def through_the_compiler(text: str) -> None:
    """Lint a text, and compile what has no mistake; everything said can be shown."""
    started = time.process_time()
    reader = in_memory({"main.flow": text, "hosts.ini": INVENTORY})
    found = lint([Path("main.flow")], Options(), reader).diagnostics
    for finding in found:
        assert as_text(finding).startswith(f"{finding.severity}[{finding.code}]: ")
    assert as_json(found)
    if not any(finding.severity == "error" for finding in found):
        assert compile_fleet([Path("main.flow")], Options(), reader)
    assert time.process_time() - started < SECONDS


COMMANDS = [
    ["lint", "{}"],
    ["lint", "--format", "json", "--strict", "{}", "{}"],
    ["fmt", "--check", "{}"],
    ["fmt", "--diff", "{}"],
    ["graph", "--format", "svg", "{}"],
    ["graph", "--format", "json", "{}"],
    ["build", "{}", "-o", "dist", "--check"],
    ["build", "--hosts", "web", "{}", "-o", "dist"],
    ["explain", "FL203"],
    ["components", "taildir"],
]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Change a command line: leave out, double, swap, take another one's word or anything."""
    words = list(draw(st.sampled_from(COMMANDS)))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(words) - 1))
        other = draw(st.sampled_from([word for words in COMMANDS for word in words]))
        anything = draw(
            st.text(st.characters(codec="utf-8", exclude_characters="\0/-"), max_size=8)
        )
        words[at : at + 1] = draw(
            st.sampled_from([[words[at]], [words[at]] * 2, [other], [words[at], other], [anything]])
        )
    return words


def through_the_command_line(text: str, words: list[str], folder: Path) -> None:
    """Run a command over a text: it ends with one of its three statuses, and says something."""
    flow = folder / "main.flow"
    flow.write_text(text, errors="surrogatepass", newline="")
    out, err = io.StringIO(), io.StringIO()
    arguments = [
        word.replace("{}", str(flow)).replace("dist", str(folder / "dist")) for word in words
    ]
    if words[0] not in {"lint", "fmt", "graph", "build", "explain", "components"}:
        return  # others run a fleet, or write where they are told to
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code in (0, 1, 2)
    assert "flumec failed" not in err.getvalue()
    assert ended.value.code != 2 or err.getvalue()


@FAST
@given(INPUTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    through_the_front(text)


@FAST
@given(INPUTS)
def test_any_text_can_be_linted(text: str) -> None:
    through_the_compiler(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts.ini").write_text(INVENTORY)
    return tmp_path


def test_any_command_line_ends_with_a_status(folder: Path) -> None:
    @settings(FAST, max_examples=10)
    @given(INPUTS, command_lines())
    def try_some(text: str, words: list[str]) -> None:
        through_the_command_line(text, words, folder)

    try_some()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
def test_very_many_texts_are_read_and_linted(part: int, folder: Path) -> None:
    tried = 0

    @seed(part)
    @SLOW
    @given(INPUTS, st.none() | command_lines())
    def try_many(text: str, words: list[str] | None) -> None:
        nonlocal tried
        tried += 1
        through_the_front(text)
        if words:
            through_the_command_line(text, words, folder)
        else:
            through_the_compiler(text)

    try_many()
    assert tried >= SLOW.max_examples


@FAST
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    parse(Source.read("main.flow", content))
