"""`flumec fmt`: one form for one tree, with every comment where it was."""

import os
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler.format import format_text
from flumec.compiler.parse import parse
from flumec.compiler.source import Source, Span
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import COMMENT, files, layouts

EXAMPLES = int(os.environ.get("FLUMEC_EXAMPLES", "50"))
ROOT = Path(__file__).parent.parent
FLOWS = sorted([*ROOT.glob("examples/**/*.flow"), *ROOT.glob("tests/flows/*.flow")])


ROUTE_BEFORE = """agent a on b {
x -> route header.k { # by kind
"a","b"->c # d
else->drop
} # end
}
"""
ROUTE_AFTER = """agent a on b {
  x -> route header.k {  # by kind
    "a", "b" -> c  # d
    else -> drop
  }  # end
}
"""
BLOCK_BEFORE = '''agent a on b {
size = 1
roll {
every = 1s
}
x = """
  kept
"""
}
'''
BLOCK_AFTER = '''agent a on b {
  size = 1

  roll {
    every = 1s
  }

  x = """
  kept
"""
}
'''


def formatted(text: str) -> str:
    """Return the canonical form of a text without mistakes."""
    result, found = format_text(Source("main.flow", text))
    assert result is not None, found
    return result


def shape(node: Any) -> Any:
    """Return a tree without its spans."""
    if isinstance(node, Span):
        return None
    if isinstance(node, tuple):
        return [shape(part) for part in node]
    if is_dataclass(node) and not isinstance(node, Source):
        parts = {field.name: shape(getattr(node, field.name)) for field in fields(node)}
        return type(node).__name__, parts
    return None if isinstance(node, Source) else node


def tree_of(text: str) -> Any:
    """Return the tree of a text, without spans."""
    file, found = parse(Source("main.flow", text))
    assert found == []
    return shape(file.items)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_examples_are_canonical(path: Path) -> None:
    assert formatted(path.read_text()) == path.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n\n# only this\n\n", "# only this\n"),
        ("let   x=[ 1 ,2, ]", "let x = [1, 2]\n"),
        ("let x = f( a=1,b = 2 )\r\n", "let x = f(a = 1, b = 2)\n"),
        ("\ufefflet x = 1\n", "let x = 1\n"),
        ('let x = header [ "A-b" ]\n', 'let x = header["A-b"]\n'),
        ("let x = 1\n\n\n\nlet y = 2\n", "let x = 1\n\nlet y = 2\n"),
        ("let x = 1\nlet y = 2\n", "let x = 1\nlet y = 2\n"),
        ("let x = 1\nparam y : size\n", "let x = 1\n\nparam y : size\n"),
        ("let x = [] # why\n", "let x = []  # why\n"),
        ("let x = [\n # none\n]\n", "let x = [\n  # none\n]\n"),
        ("let x = [1, # one\n2]\n", "let x = [\n  1,  # one\n  2,\n]\n"),
        ("let x = [\n1 # one\n]\n", "let x = [\n  1,  # one\n]\n"),
        ("let x = [ # some\n1]\n", "let x = [  # some\n  1,\n]\n"),
        ("let x = [1,\n# two\n2\n# end\n]\n", "let x = [\n  1,\n  # two\n  2,\n  # end\n]\n"),
        ("a . b=>c . d\n", "a.b => c.d\n"),
        ("a.b\n=> c.d,\n e.f via   avro{\n}\n", "a.b => c.d, e.f via avro {\n}\n"),
        (
            'hosts a = ["x"] {\n\n# first\n\ndisk=1GiB\n\n# last\n\n}\nhosts b = ["y"]\n',
            'hosts a = ["x"] {\n  # first\n\n  disk = 1GiB\n\n  # last\n}\n\nhosts b = ["y"]\n',
        ),
        (
            "agent a on b {\nx -> y # out\n# then\n-> z?\n}\n",
            "agent a on b {\n  x\n    -> y  # out\n    # then\n    -> z?\n}\n",
        ),
        (ROUTE_BEFORE, ROUTE_AFTER),
        (BLOCK_BEFORE, BLOCK_AFTER),
    ],
)
def test_the_form_of_small_things(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


def test_long_lists_have_one_part_a_line() -> None:
    names = [f'"web-{number}.example.com"' for number in range(5)]
    after = "hosts web = [\n" + "".join(f"  {name},\n" for name in names) + "]\n"

    assert formatted(f"hosts web = [{', '.join(names)}]\n") == after


def test_a_line_is_broken_only_where_it_must_be() -> None:
    fits = f'let x = ["{"a" * 76}"]'

    assert len(fits) == 88
    assert formatted(fits) == fits + "\n"
    assert formatted(fits.replace('"]', 'a"]')).count("\n") == 3


def test_a_line_stays_one_where_the_comment_behind_it_is_about_all_of_it() -> None:
    names = ", ".join(f'"web-{number}.example.com"' for number in range(5))
    line = f"let web = [{names}]  # flumec: ignore[FL901] files that import this one use it\n"
    parts = line.replace("[", "[\n  ", 1).replace(", ", ",\n  ").replace("]  ", ",\n]  ", 1)

    assert formatted(line) == line
    assert formatted(parts) == parts


def test_long_chains_have_one_arrow_a_line() -> None:
    call = f'static(header.name, "{"v" * 50}")'
    text = (
        f"agent a on b {{\n  x -> {call} -> {call} -> route header.k {{\n    else -> y\n  }}\n}}\n"
    )

    assert formatted(text) == (
        f"agent a on b {{\n  x\n    -> {call}\n    -> {call}\n"
        "    -> route header.k {\n      else -> y\n    }\n}\n"
    )


def test_a_file_with_a_mistake_is_left_alone() -> None:
    result, found = format_text(Source("main.flow", "let x =\n"))

    assert (result, [one.code for one in found]) == (None, ["FL017"])


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(st.sampled_from(FLOWS), st.data())
def test_layout_does_not_matter_and_comments_stay(path: Path, data: st.DataObject) -> None:
    text = data.draw(layouts(path.read_text()))
    once = formatted(text)

    assert tree_of(once) == tree_of(text)
    assert sorted(COMMENT.findall(once)) == sorted(COMMENT.findall(text))
    assert formatted(once) == once


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(files())
def test_any_tree_has_one_form(text: str) -> None:
    once = formatted(text)

    assert tree_of(once) == tree_of(text)
    assert formatted(once) == once
    assert not re.search(r"[ \t]$|\n\n\n|\{\n\n|\n\n *\}", once, re.MULTILINE)


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(files(), st.data())
def test_any_tree_in_any_layout_has_the_same_form(text: str, data: st.DataObject) -> None:
    other = data.draw(layouts(formatted(text), comments=False))

    assert formatted(other) == formatted(text)
