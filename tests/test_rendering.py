"""What a user sees, to the letter: rendering/*.txt, the file above and what is said about it below.

`pytest --update` accepts what is said now.
"""

import json
from pathlib import Path

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.parse import parse
from flumec.compiler.render import as_json, as_text, render_text
from flumec.compiler.render_excerpt import excerpt
from flumec.compiler.source import Source, Span

FILES = sorted((Path(__file__).parent / "rendering").glob("*.txt"))
CUT = "\n----\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_findings_look_as_expected(path: Path, request: pytest.FixtureRequest) -> None:
    text, _, expected = path.read_text().partition(CUT)
    _, found = parse(Source("main.flow", text))
    if not found:  # it is the whole fleet that something is wrong with
        linted = lint_text(text, f"{path.stem}.flow").diagnostics
        found = [one for one in linted if one.severity != "note"]
    said = render_text(found, width=80)
    if request.config.getoption("--update"):
        path.write_text(text + CUT + said)
        return

    assert said == expected


def marked(line: str, word: str, width: int = 40) -> str:
    """Return what stands above the mark under `word`."""
    start = line.index(word)
    shown = excerpt(Span(Source("main.flow", line), start, start + len(word)), width)
    return shown.line[shown.before : shown.before + shown.marked]


@pytest.mark.parametrize("before", ["", "x", "x" * 30, "x" * 300])
@pytest.mark.parametrize("after", ["", "y" * 10, "y" * 300])
def test_the_mark_is_under_its_word(before: str, after: str) -> None:
    line = f"{before} word {after}"

    assert marked(line, "word") == "word"
    assert len(excerpt(Span(Source("main.flow", line), 0, 0), 40).line) <= 40


def test_a_mark_wider_than_the_line_fills_it() -> None:
    assert set(marked("w" * 300, "w" * 200)) == {"w"}


def test_tabs_and_wide_characters_keep_marks_in_place() -> None:
    shown = excerpt(Span(Source("main.flow", '\t"日本" x'), 6, 7), 40)

    assert (shown.line, shown.before, shown.marked) == ('    "日本" x', 4 + 6 + 1, 1)


def test_what_a_terminal_would_obey_is_not_sent() -> None:
    _, found = parse(Source("ma\x1bin.flow", "let \x1b[31m = 1\n"))
    text = render_text(found)

    assert "\x1b" not in text
    assert text.count("\N{REPLACEMENT CHARACTER}") >= 2


def test_what_is_not_utf_8_can_be_printed() -> None:
    _, found = parse(Source.read("main.flow", b"let x = \xff\n"))

    assert render_text(found).encode("utf-8")
    assert as_json(found).encode("utf-8")


def test_colours_change_no_letter() -> None:
    _, found = parse(Source("main.flow", "let x = [1 2]\n"))
    coloured = as_text(found[0], colours=True)
    for number in ("0", "1;31", "1;34"):
        coloured = coloured.replace(f"\x1b[{number}m", "")

    assert coloured == as_text(found[0])


def test_the_number_shown_is_bounded() -> None:
    _, found = parse(Source("main.flow", "let\n" * 150))
    text = render_text(found)

    assert text.count("error[") == 100
    assert text.endswith("and 50 more\n\n")


def test_json_has_places_for_programs() -> None:
    _, found = parse(Source("main.flow", "agent a on b {\n  c {\n    d = 1\n}\n"))
    (one,) = json.loads(as_json(found))["diagnostics"]

    assert (one["code"], one["name"], one["severity"]) == ("FL026", "unclosed-block", "error")
    assert (one["path"], one["line"], one["column"]) == ("main.flow", 2, 5)
    assert (one["end_line"], one["end_column"]) == (2, 6)
    assert [(place["line"], place["text"]) for place in one["places"]] == [
        (4, "`}` was expected before this")
    ]
