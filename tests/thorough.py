"""How much of a long search is done: all of it, or the part that FLUMEC_THOROUGH says (`.ci/run`).

A part is always the first one: two runs of the same part try the same worlds.
"""

import os
import zlib
from collections.abc import Iterable
from typing import Any

import pytest

PART = float(os.environ.get("FLUMEC_THOROUGH", "1"))


def share(whole: int) -> int:
    """Return how many of so many are tried."""
    return max(1, round(whole * PART))


def first(seeds: range) -> range:
    """Return the seeds that are tried."""
    return seeds[: share(len(seeds))]


def step() -> int:
    """Return the step from one that is tried to the next, where all is one after the other."""
    return max(1, round(1 / PART))


def strides(fast: int) -> pytest.MarkDecorator:
    """Have a fast test try one step in so many, and the same test among the slow ones all."""
    every = pytest.param(step(), marks=pytest.mark.slow, id="each")
    return pytest.mark.parametrize("stride", [pytest.param(fast, id=f"one in {fast}"), every])


def spread(cases: Iterable[Any], one_in: int) -> list[Any]:
    """Leave one case in so many to the fast tests, and the others to the slow ones."""
    slow = pytest.mark.slow
    return [pytest.param(each, marks=slow if n % one_in else ()) for n, each in enumerate(cases)]


def phase(what: object) -> int:
    """Return where a search by steps begins: elsewhere for each kind, so together they try all."""
    return zlib.crc32(repr(what).encode()) % step()
