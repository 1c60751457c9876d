"""The power of one end of a link goes at each of its disk operations in turn, through a story."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest
from flumec.runtime.testing import EVERYTHING, NOTHING, Survival

from tests.link.test_link_model import Machine, World

W = TypeVar("W", bound=World)


def survivals(stride: int) -> pytest.MarkDecorator:
    """Parametrize by what outlives the cut: every operation, and each `stride`-th in fast runs."""
    return pytest.mark.parametrize(
        ("survival", "stride"),
        [
            (NOTHING, stride),
            *(
                pytest.param(survival, 1, marks=pytest.mark.slow)
                for survival in (NOTHING, EVERYTHING, Survival(0.5, seed=1, apart=True))
            ),
        ],
        ids=str,
    )


def cut_at_every_operation(
    begin: Callable[[], W],
    end: Callable[[W], Machine],
    story: Sequence[Callable[[World], None]],
    hold: Callable[[W, str], None],
    survival: Survival,
    stride: int,
) -> None:
    """Play the story anew for each operation of an end's disk, until one no longer reaches it."""
    for cut in range(1, 10_000, stride):
        world = begin()
        machine = end(world)
        machine.survival = survival
        machine.disk.cut_at = machine.disk.operations + cut
        doomed = machine.disk
        for act in story:
            world.guarded(act)
        hold(world, f"operation {cut}")
        if not doomed.dead:
            assert cut > 8
            return
