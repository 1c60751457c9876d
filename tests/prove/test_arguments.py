"""What CI asks of the campaign is what it takes: a number for each kind of fleets."""

import re
from pathlib import Path

from prove.__main__ import _numbers
from prove.widening import STORED, number

CI = Path(__file__).parents[2] / ".ci" / "run"


def test_ci_says_of_each_kind_how_many_are_searched() -> None:
    shown = re.search(r"--shown ([\d,]+)", CI.read_text())

    assert shown is not None
    assert len(_numbers(shown[1])) == number(STORED)[0] + 1
