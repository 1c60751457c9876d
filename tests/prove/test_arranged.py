"""What several things together show is shown by the first lives that are arranged for it."""

from itertools import islice

import pytest
from prove import simulated
from prove.arranged import arranged
from prove.claiming import claimed
from prove.judging import Judge
from prove.shape import Agent, Chain, Link, Part, Reading, Shape, Target

ROLL = "roll", "{\n  every = 1s\n}"
FILES = ("directory", '"/srv/s"'), ("format", "json"), ROLL
LATE = "dedup", "{\n  key = header.id\n  window = 10m\n  late = late\n}"
PATIENT = ("dead_letter", "dead"), ("give_up", "after(1s)")
POSTS = Part("posts", "http", (("port", "4100"), ("request_id", '"Idempotency-Key"')))
RETRIED = Part("posts", "http", (("port", "4100"),))
LINES = Part(
    "posts", "taildir", (("files", '["/var/log/${host.name}/posts.log"]'),
                         ("rotation", "copytruncate")),
)  # fmt: skip


def fleet(source: Part, held: str = "file", *told: tuple[str, str]) -> Shape:
    """Return an agent that sends to one of two hosts; what the sink there is told, and reads."""
    edge = Agent(
        "edge", ("e",), (source,), (Part("c", held),), chains=(Chain("posts", (Target("c"),)),)
    )
    own = Part("s", "file_roll", (*FILES, *told))
    dead = Part("s_dead", "file_roll", (("directory", '"/srv/dead"'), *FILES[1:]))
    buries = PATIENT[0] in told
    channels = ["c", *["late"] * (LATE in told), *["dead"] * buries]
    store = Agent(
        "store", ("s1", "s2"), (),
        tuple(Part(name, "file") for name in channels),
        (own, dead) if buries else (own,),
        readings=(Reading("c", ("s",)), *([Reading("dead", ("s_dead",))] if buries else [])),
    )  # fmt: skip
    values = (
        ("port", "4101"), ("time_out", "6s"), ("policy", "failover"), ("in_doubt", "wait"),
    )  # fmt: skip
    return Shape((edge, store), (Link(("edge", "c"), ("store", "c"), values),))


@pytest.mark.parametrize(
    ("shape", "sink"),
    [
        (fleet(POSTS, "memory"), "s"),
        (fleet(RETRIED, "file", LATE), "s"),
        (fleet(LINES), "s"),
        (fleet(POSTS, "memory", *PATIENT), "s_dead"),
    ],
    ids=["held in memory", "asked again", "copied and emptied", "buried"],
)
def test_a_weak_claim_is_shown_by_one_of_a_few(shape: Shape, sink: str) -> None:
    made = claimed(shape)
    claim = made.claims[("edge", "posts"), ("store", sink)]
    judge, shown = Judge(shape, made.claims), False
    for script in islice(arranged(shape, claim, 1), 6):
        record = simulated.play(shape, made.plan, script, 1)
        assert not judge.wrong(record)
        shown |= any(claim in [weak for weak, _ in judge.weak(each)] for each in judge.seen(record))

    assert claim.delivery != "exactly_once"
    assert shown
