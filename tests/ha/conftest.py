"""The pair on this machine, for a test that says what its flow is given."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from examples_of import importable
from ha.pair_here import Pair


@pytest.fixture
def pair_with(
    tmp_path: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Pair]]:
    """Start the example's fleet with some of its parameters set; it ends with the test."""
    importable(monkeypatch, "ha_pair")
    with ExitStack() as stack:

        def start(**sets: str) -> Pair:
            ours = Pair(tmp_path, **sets)
            stack.enter_context(ours.fleet)
            assert ours.fleet.wait_ready(60)
            return ours

        yield start
