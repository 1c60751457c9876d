"""A mistake in form is one message of `lint` too: what only follows from it is not said."""

from functools import cache
from pathlib import Path

import pytest
import thorough
from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.parse import parse
from flumec.compiler.source import Source
from mutations import Mutation, mutate, mutations, several

ROOT = Path(__file__).parent.parent
FLOWS = sorted([*ROOT.glob("examples/**/*.flow"), *ROOT.glob("tests/flows/*.flow")])


@cache
def example(path: Path) -> tuple[Source, list[list[Mutation]], dict[str, str | bytes]]:
    """Return an example, the ways to break each of its statements, and the files beside it."""
    source = Source(path.name, path.read_text())
    beside = {other.name: other.read_bytes() for other in path.parent.glob("*.ini")}
    return source, list(mutations(source)), dict(beside)


def errors(text: str, path: Path) -> list[Diagnostic]:
    found = lint_text(text, path.name, files=example(path)[2]).diagnostics
    return [one for one in found if one.severity == "error"]


@pytest.mark.parametrize(
    "k", [pytest.param(k, marks=() if k == 3 else pytest.mark.slow) for k in range(1, 11)]
)
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
@pytest.mark.parametrize("part", thorough.spread(range(3), 3))
def test_k_mistakes_are_k_messages(path: Path, k: int, part: int) -> None:
    source, ways, _ = example(path)
    before = {(one.code, one.message) for one in errors(source.text, path)}
    wrong = []
    for seed in range(part, 6, 3):
        changes = several(source, ways, k, seed)
        text = mutate(source, changes)
        form = {(one.code, one.span.start) for one in parse(Source(path.name, text))[1]}
        said = [one for one in errors(text, path) if (one.code, one.message) not in before]
        more = [one for one in said if (one.code, one.span.start) not in form]
        if form and (more or len(said) < len(form)):
            wrong.append((changes, [(one.code, one.span.line, one.message) for one in more]))

    assert wrong == []


def test_a_lost_name_hides_no_mistake_about_names_of_ours() -> None:
    text = """\
hosts web = ["web-1"]

agent a on web {
  source r1 : exec_tail {
    command = "tail -F x"
  }

  channel c1 : file {
    size = 1GiB
  }

  sink k1 : null {
    channel = c1
  }

  r1 -> c1
  c1 -> k1
}
"""
    found = lint_text(text).diagnostics
    assert [one.code for one in found] == ["FL106", "FL011"]
    assert found[1].hint == "a channel is joined by arrows: `source -> channel`, `channel -> sink`"
