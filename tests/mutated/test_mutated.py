"""Every mistake that changes what happens to an event is reported, and good fleets are clean."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from flumec.compiler.diagnostic import Diagnostic
from mutated.every_kind import KINDS, NOT_YET
from mutated.example import EXAMPLES, Example
from mutated.mutant import MistakeKind, Mutant
from mutated.page import page, tried

PAGE = Path(__file__).parents[2] / "docs" / "mutations.md"


def said(diagnostics: Sequence[Diagnostic]) -> list[str]:
    return [f"{one.code} {one.span} {one.message}" for one in diagnostics]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_good_fleet_is_clean(example: Example) -> None:
    assert said(example.lint({})) == []


def test_there_are_many_kinds_of_mistake() -> None:
    assert len(KINDS) >= 40
    assert len({kind.name for kind in KINDS}) == len({kind.function for kind in KINDS})
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert set(NOT_YET) <= {kind.function for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.function)
def test_a_mistake_is_reported(kind: MistakeKind) -> None:
    mutant = next(kind.mutants(EXAMPLES), None)
    assert mutant is not None, "no fleet has a site for it"
    if kind.function not in NOT_YET:
        assert missed([mutant], [] if mutant.right(kind.codes) else [mutant]) == ""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.function)
def test_a_mistake_is_reported_at_all_its_sites(kind: MistakeKind) -> None:
    one = tried(kind)
    if kind.function not in NOT_YET:
        assert missed(one.mutants, one.missed) == ""


def missed(mutants: Sequence[Mutant], those: Sequence[Mutant]) -> str:
    """Return what was not reported, and what was said instead."""
    shown = [f"{mutant}: {said(mutant.findings)}" for mutant in those]
    return "\n".join([f"{len(those)} of {len(mutants)} not reported", *shown]) if those else ""


@pytest.mark.slow
def test_the_page_is_fresh(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page()
