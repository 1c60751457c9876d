"""When channels are full is what queues say that are filled second by second."""

import pytest
from capacity.queues import Fleet, draw, run, text
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.scenes import Scene


def computed(fleet: Fleet) -> float:
    """Return after how long the first source waits, as the compiler has it."""
    linted = lint_text(text(fleet))
    wrong = [one for one in linted.diagnostics if one.code[:3] in ("FL1", "FL2", "FL5")]
    assert not wrong, (wrong[0].message, text(fleet))
    last = len(fleet.tiers) - 1
    dead = frozenset(
        (f"a{number}", f"t{number}-{host}")
        for number, tier in enumerate(fleet.tiers)
        for host in range(tier.dead)
    )
    sink = (f"a{last}", "out")
    scene = Scene(frozenset({sink}), dead)
    held = Capacity(linted.fleet, Graph(linted.fleet)).held(("a0", "numbers"), scene.out, scene)
    assert held is not None
    return held.after


@pytest.mark.parametrize(
    "block", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 4))]
)
def test_random_fleets_last_as_long_as_their_queues(block: int) -> None:
    agree(range(block * 10, (block + 1) * 10))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(4, 60))
def test_many_random_fleets_last_as_long_as_their_queues(block: int) -> None:
    agree(range(block * 10, (block + 1) * 10))


def agree(seeds: range) -> None:
    """Compare; queues are looked at once a second, and a tier later each."""
    for seed in seeds:
        fleet = draw(seed)
        said, seen = computed(fleet), run(fleet)
        slack = 2.0 * (len(fleet.tiers) + 1) + 0.002 * seen

        assert abs(said - seen) <= slack, (seed, said, seen, text(fleet))


def test_a_queue_that_is_looked_at_more_often_says_the_same_more_exactly() -> None:
    fleet = draw(3)

    assert abs(computed(fleet) - run(fleet, step=0.05)) < 0.4
