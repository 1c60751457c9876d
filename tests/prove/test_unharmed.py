"""Letters that no event becomes make no channel overflow."""

import pytest
from prove.case import Case
from prove.claiming import claimed
from prove.shape import Agent, Chain, Part, Reading, Shape, Target, with_values

LETTERS = Part("dead", "file", (("events", "8"), ("when_full", "drop_oldest")))
SINK = Part("s", "file_roll", (("directory", '"/srv/s"'), ("dead_letter", "dead")))
POSTS = Part("a", "http", (("port", "4101"), ("request_id", '"Idempotency-Key"')))
NUMBERS = Part("a", "seq", (("total", "30"),))
POISONED = Part(POSTS.name, POSTS.kind, POSTS.values, harmed=("poison",))


@pytest.mark.parametrize(
    ("source", "sink", "weaker"),
    [
        (NUMBERS, SINK, False),
        (POSTS, SINK, False),
        (POISONED, SINK, True),
        (NUMBERS, with_values(SINK, give_up="after(1s)"), True),
    ],
    ids=["numbers", "posts", "poisoned", "given up"],
)
def test_what_may_overflow(source: Part, sink: Part, weaker: bool) -> None:
    agent = Agent(
        "lone", ("lone-1",), (source,), (Part("c", "file"), LETTERS), (sink,),
        chains=(Chain("a", (Target("c"),)),), readings=(Reading("c", ("s",)),),
    )  # fmt: skip
    (claim,) = claimed(Shape((agent,))).all

    assert claim.delivery == "best_effort"
    assert bool(Case(0, Shape((agent,)), [claim]).weaker) is weaker
