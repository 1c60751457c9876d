"""The power goes at every disk operation of one end of a link, then of the other."""

from collections.abc import Callable

import pytest
from flumec.runtime.testing import EVERYTHING, NOTHING, Survival

from tests.link.test_link_model import World, hold

Step = Callable[[World], None]

EXCHANGE: tuple[Step, ...] = (
    World.send, World.receive, World.send, World.acknowledge, World.send, World.receive,
    World.settle, World.receive,
)  # fmt: skip
STORY: tuple[Step, ...] = (
    *[World.put] * 4, World.connect, *EXCHANGE, World.cut, World.put, World.connect, *EXCHANGE,
    World.deliver_late, World.acknowledge, World.acknowledge, World.settle, World.put,
)  # fmt: skip
"""Puts, two connections, what the first one still held, and cursors on the way."""


def every_cut(end: str, step: int = 1, survival: Survival = NOTHING) -> int:
    """Live through the story with a cut at each `step`-th operation; return how many it took."""
    cut = 1 - step
    for cuts in range(100_000):
        cut += step
        world = World(11)
        machine = world.tailer if end == "tailer" else world.collector
        machine.survival = survival
        machine.disk.cut_at = machine.disk.operations + cut
        doomed = machine.disk
        for act in STORY:
            world.guarded(act)
        hold(world, f"{end}, operation {cut}")
        if not doomed.dead:
            assert world.value > 5
            return cuts
    raise AssertionError("the story does not end")


@pytest.mark.slow
@pytest.mark.parametrize(
    "survival", [NOTHING, EVERYTHING, Survival(0.5, seed=1, apart=True)], ids=str
)
@pytest.mark.parametrize("end", ["tailer", "collector"])
def test_every_cut(end: str, survival: Survival) -> None:
    assert every_cut(end, survival=survival) > 8
