"""Lives that showed a claim late are remembered, and show it at once the next time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prove import witnesses
from prove.script import Action, given
from prove.widening import make


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "witnesses.txt"
    file.write_text("")
    monkeypatch.setattr(witnesses, "FILE", file)
    witnesses.known.cache_clear()
    yield file
    witnesses.known.cache_clear()


HARM = Action(0.0, "doom", ("edge", "edge-1"), 12), Action(0.1, "outage", ("edge", "s", "h"), 0.5)


def test_what_is_written_is_read_again(empty: Path) -> None:
    shape = make(7)
    script = tuple(sorted((*given(shape, 7), *HARM)))
    line = witnesses.line_of(shape, 7, script)
    assert line is not None

    witnesses.write([7], [(7, line)])

    assert empty.read_text() == "7 0.000 doom edge edge-1 12, 0.100 outage edge s h 0.5\n"
    assert list(witnesses.witnesses(shape, 7)) == [script]
    assert list(witnesses.witnesses(make(8), 8)) == []


def test_what_other_fleets_have_stays(empty: Path) -> None:
    empty.write_text("3 0.000 doom edge edge-1 1\n7 0.000 doom edge edge-1 2\n")

    witnesses.write([7, 8], [(8, "0.000 doom edge edge-1 5")])

    assert empty.read_text() == "3 0.000 doom edge edge-1 1\n8 0.000 doom edge edge-1 5\n"


def test_a_life_in_which_something_else_is_given_is_none() -> None:
    assert witnesses.line_of(make(7), 7, HARM) is None
