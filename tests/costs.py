"""What a fast test may cost: so the fast tests stay fast, however many are added."""

import os
from collections.abc import Iterator

import hypothesis.strategies
import pytest

LIMIT = 8.0
"""Seconds of CPU: four times what the dearest takes, as a busy machine doubles it and one day more.
Most take some hundredths of one."""

ADVICE = """\
It took {spent:.1f} CPU seconds, its child processes included, and a fast test may take {limit:g}.
Make it cheap: a smaller size of the same case, a call in place of a process, one fixture of
`scope="module"` for what its neighbours make too, one key for all who only need one. What is long
by its nature is marked `slow`, beside a fast test that does a part. If neither can be:
@pytest.mark.costs(seconds, "the reason")."""


def spent() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


@pytest.fixture(scope="session")
def characters() -> None:
    """Have hypothesis make its table of all characters, once in a clone: no test's own cost."""
    hypothesis.strategies.text().validate()


@pytest.fixture(autouse=True)
def costs_little(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a fast test that costs much.

    What is made for several tests is not counted: it stands before this, and ends after it.
    """
    if request.node.get_closest_marker("hypothesis"):
        request.getfixturevalue("characters")
    before = spent()
    yield
    cost = spent() - before
    if cost > LIMIT and not request.node.get_closest_marker("slow"):
        mark = request.node.get_closest_marker("costs")
        limit, _reason = mark.args if mark else (LIMIT, "")
        if cost > limit:
            pytest.fail(ADVICE.format(spent=cost, limit=limit), pytrace=False)
