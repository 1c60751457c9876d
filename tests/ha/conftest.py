"""The pair on this machine, for a test that says what its flow is given."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from ha.pair_here import EXAMPLE, Pair


@pytest.fixture
def pair_with(
    tmp_path: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Pair]]:
    """Start the example's fleet with some of its parameters set; it ends with the test."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    for name in ("client", "verdict"):  # other examples have a module of that name
        monkeypatch.delitem(sys.modules, name, raising=False)
    with ExitStack() as stack:

        def start(**sets: str) -> Pair:
            ours = Pair(tmp_path, **sets)
            stack.enter_context(ours.fleet)
            assert ours.fleet.wait_ready(60)
            return ours

        yield start
