"""Wrong .flow files say what is wrong with them: each mark stands under what it is about.

    port = mb
    #      ^^ FL204 `port` is a port, not a word

A mark that begins in the first column has its `#` for its first sign. Without their marks the files
are what a user would write; `pytest --update` draws the marks of what is reported now.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic

FOLDER = Path(__file__).parent / "diagnostics"
FILES = sorted(FOLDER.glob("*.flow"))
MARK = re.compile(r"^(?P<before>#? *)(?P<carets>\^*) ?(?P<text>FL\d{3} .*)$")


def split(text: str) -> tuple[str, dict[int, list[str]]]:
    """Return a file without its marks, and the marks by the number of the line they are about."""
    lines: list[str] = []
    marks: dict[int, list[str]] = defaultdict(list)
    for line in text.split("\n"):
        if line.lstrip().startswith("#") and MARK.match(line.strip()):
            marks[len(lines)].append(line)
        else:
            lines.append(line)
    return "\n".join(lines), marks


def draw(finding: Diagnostic) -> str:
    """Return the mark of a finding."""
    line = finding.span.source.line(finding.span.line)
    start = finding.span.column - 1
    size = max(min(finding.span.end - finding.span.start, len(line) - start), 1)
    said = f"{finding.code} {finding.message}"
    if start == 0:
        return f"#{'^' * (size - 1)} {said}"
    indent = len(line) - len(line.lstrip(" "))
    indent = indent if indent < start else 0
    return f"{' ' * indent}#{' ' * (start - indent - 1)}{'^' * size} {said}"


def marked(program: str, findings: tuple[Diagnostic, ...]) -> str:
    """Return a program with the marks of what is found in it."""
    drawn: dict[int, list[str]] = defaultdict(list)
    for finding in findings:
        drawn[finding.span.line].append(draw(finding))
    lines = program.split("\n")
    whole = [part for number, line in enumerate(lines, 1) for part in [line, *drawn[number]]]
    return "\n".join(whole)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mistake_is_said_at_its_place(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text()
    program, marks = split(text)
    findings = lint_text(program, path.name).diagnostics
    if request.config.getoption("--update"):
        path.write_text(marked(program, findings))
        return

    said = marked(program, findings)

    assert marks or path.stem == "clean"
    assert text == said


def test_a_mark_is_drawn_under_its_words() -> None:
    program = 'let one = "a"\nlet two = "b\n}\n'
    whole = marked(program, lint_text(program).diagnostics)

    assert split(whole)[0] == program
    assert "#         ^^ FL002 the text has no closing quote" in whole.split("\n")
    assert "# FL028 `}` closes nothing" in whole.split("\n")
