"""The tests that stand in the examples hold, and say what the examples are for."""

from pathlib import Path

import pytest
from flumec.compiler.build import compile_fleet
from flumec.compiler.options import Options
from flumec.compiler.render import as_text
from flumec.compiler.trials.running import Runs

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*/*.flow"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_does_what_it_says(path: Path) -> None:
    compiled = compile_fleet([path], Options())
    assert compiled.plan is not None
    trials = compiled.fleet.trials
    assert len(trials) >= 2
    for outcome in Runs(compiled.fleet, compiled.plan, trials, 0).all(1):
        said = "" if outcome.finding is None else as_text(outcome.finding)
        assert outcome.passed, said or outcome.failure
