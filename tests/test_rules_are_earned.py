"""Rules are earned: most by a marked wrong file, all by the example on their page.

That a rule which no longer speaks is missed, tests/test_diagnostic_pages.py holds for each of them;
here stands that whole passes are missed too.
"""

import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from flumec.compiler import passes
from flumec.compiler.build import lint_text
from flumec.compiler.explain import every_rule
from test_diagnostics import FILES, split

MARKED = re.compile(r"\^ (FL\d{3}) |^#\s+(FL\d{3}) ", re.MULTILINE)


def marks() -> Counter[str]:
    """Return how often each rule is marked."""
    found = (pair for path in FILES for pair in MARKED.findall(path.read_text()))
    return Counter(one or other for one, other in found)


def test_many_rules_are_marked_in_wrong_files() -> None:
    assert len(marks()) >= 40
    assert set(marks()) <= set(every_rule())


@pytest.mark.parametrize("check", passes.PASSES, ids=lambda check: check.__name__)
def test_a_pass_that_is_taken_out_is_missed(
    check: passes.Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = tuple(one for one in passes.PASSES if one is not check)
    monkeypatch.setattr(passes, "PASSES", rest)
    codes = _codes_of(check)
    likely = sorted(FILES, key=lambda path: -sum(_marked(path)[code] for code in codes))

    assert any(_said(path) != _marked(path) for path in likely)


def _codes_of(check: passes.Pass) -> set[str]:
    """Return the rules that a pass names: it is missed at once where they are marked."""
    named = {id(value) for value in vars(sys.modules[check.__module__]).values()}
    return {code for code, rule in every_rule().items() if id(rule) in named}


@cache
def _marked(path: Path) -> Counter[str]:
    return Counter(
        mark for lines in split(path.read_text())[1].values() for line in lines
        for mark in re.findall(r"FL\d{3}", line)[:1]
    )  # fmt: skip


def _said(path: Path) -> Counter[str]:
    program, _ = split(path.read_text())
    return Counter(one.code for one in lint_text(program, path.name).diagnostics)
