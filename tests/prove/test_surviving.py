"""What a check says to be survived is, whenever that happens; what is not is seen to be lost."""

from itertools import islice

import pytest
from prove import simulated
from prove.claiming import claimed
from prove.script import parse
from prove.shape import Agent, Chain, Link, Part, Reading, Shape, Target
from prove.surviving import Check, Fault, examine, is_survived, lost, scripts
from prove.widening import FURTHER

FILES = ("directory", '"/srv/s"'), ("format", "json"), ("roll", "{\n  every = 1s\n}")
POSTS = Part("posts", "http", (("port", "4100"), ("request_id", '"Idempotency-Key"')))
PATH = ("edge", "posts"), ("store", "s")


def fleet(kind: str = "file", policy: str = "failover") -> Shape:
    """Return two tiers, of which the first has a channel of some kind."""
    edge = Agent(
        "edge", ("e",), (POSTS,), (Part("c", kind),), chains=(Chain("posts", (Target("c"),)),)
    )
    store = Agent(
        "store", ("s1", "s2"), (), (Part("c", "file"),), (Part("s", "file_roll", FILES),),
        readings=(Reading("c", ("s",)),),
    )  # fmt: skip
    values = ("port", "4101"), ("time_out", "6s"), ("policy", policy)
    return Shape((edge, store), (Link(("edge", "c"), ("store", "c"), values),))


@pytest.mark.parametrize(
    ("shape", "fault", "survived"),
    [
        (fleet("memory"), Fault("kill", "edge", 1), False),
        (fleet(policy="all"), Fault("lose", "store", 2), False),
        pytest.param(fleet(), Fault("lose", "store", 1), False, marks=pytest.mark.slow),
        pytest.param(fleet(), Fault("kill", "edge", 1), True, marks=pytest.mark.slow),
        pytest.param(fleet(policy="all"), Fault("lose", "store", 1), True, marks=pytest.mark.slow),
        pytest.param(fleet(), Fault("cut", "edge.c, 4s"), True, marks=pytest.mark.slow),
    ],
)
def test_what_the_compiler_says_of_a_fault_is_so(
    shape: Shape, fault: Fault, survived: bool
) -> None:
    check, plan = Check(*PATH, (fault,)), claimed(shape).plan
    lives = islice(scripts(shape, check, 1), 8)

    assert is_survived(shape, check) is survived
    assert survived is not any(
        lost(shape, check, simulated.play(shape, plan, script, 1)) for script in lives
    )


def test_a_host_that_is_lost_is_given_nothing_more_and_what_is_for_it_waits() -> None:
    shape = fleet(policy="all")
    script = parse("0 lose store s1 0\n0.1 send edge posts e 3")
    record = simulated.play(shape, claimed(shape).plan, script, 1)

    assert len(record.arrived["store", "s", "s2"]) == len(record.held) == 3
    assert not record.arrived["store", "s", "s1"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(FURTHER, FURTHER + 6))
def test_it_is_so_of_random_fleets(seed: int) -> None:
    found = examine(seed)
    if found is not None:
        _, survived, script = found
        assert survived is (script is None)
