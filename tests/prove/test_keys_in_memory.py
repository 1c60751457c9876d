"""The keys of a `dedup` behind a channel in memory end with the process, and so it is claimed."""

import pytest
from prove import simulated
from prove.claiming import claimed
from prove.judging import Judge
from prove.script import parse
from prove.shape import Agent, Chain, Link, Part, Reading, Shape, Target

SETTINGS = (
    ("directory", '"/srv/s"'),
    ("format", "json"),
    ("roll", "{\n  every = 1s\n}"),
    ("dedup", "{\n  key = header.id\n  late = late\n}"),
)


def fleet(kind: str) -> Shape:
    """Return two machines that clients post to, and one that leaves their copies out."""
    http = Part(
        "posts", "http", (("port", "4101"), ("request_id", '"Idempotency-Key"')), posted_to_all=True
    )
    edge = Agent(
        "edge", ("e1", "e2"), (http,), (Part("c", "file"),),
        chains=(Chain("posts", (Target("c"),)),),
    )  # fmt: skip
    store = Agent(
        "store", ("s",), (Part("feed", "link"),), (Part("c", kind), Part("late", "file")),
        (Part("s", "file_roll", SETTINGS),),
        chains=(Chain("feed", (Target("c"),)),), readings=(Reading("c", ("s",)),),
    )  # fmt: skip
    return Shape((edge, store), (Link(("edge", "c"), ("store", "feed"), (("port", "4102"),)),))


@pytest.mark.parametrize("end", ["restart store s 1", "kill store s 0.1", "power store s 0.1"])
@pytest.mark.parametrize(("kind", "copies"), [("memory", 2), ("file", 1)])
def test_a_copy_that_comes_after_a_start(kind: str, copies: int, end: str) -> None:
    shape = fleet(kind)
    made = claimed(shape)
    script = f"0 hold edge c e2 2\n0.1 send edge posts * 3\n1.5 {end}"

    record = simulated.play(shape, made.plan, parse(script), 1)

    assert len(record.arrived["store", "s", "s"]) == 3 * copies
    assert not Judge(shape, made.claims).wrong(record)
