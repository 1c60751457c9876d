"""Of an event that no sink can take, and that comes twice, each copy is a dead letter."""

from dataclasses import replace

from flumec.compiler.proofs.words import reasoning
from prove.claiming import claimed
from prove.shape import Agent, Chain, Part, Reading, Shape, Target
from prove.ways import Event

from .test_harm import FILES, played

POSTS = Part("posts", "http", (("port", "8080"),))
STORE = Part(
    "s", "file_roll",
    (*FILES, ("dedup", "{\n  key = header.id\n  window = 10m\n}"), ("dead_letter", "dead")),
)  # fmt: skip
AGENT = Agent(
    "store", ("s1",), (POSTS,), (Part("c", "file"), Part("dead", "file")), (STORE,),
    chains=(Chain("posts", (Target("c"),)),), readings=(Reading("c", ("s",)),),
)  # fmt: skip
POISON = "0 send store posts s1 2\n0.1 poison store posts s1 1\n0.4 repost store posts s1 0"


def events(*numbers: int) -> list[Event]:
    return [Event("store", "posts", "s1", number) for number in numbers]


def test_a_dedup_knows_what_was_published_and_not_what_was_given_up() -> None:
    record, wrong = played(Shape((AGENT,)), POISON)

    assert not wrong
    assert record.arrived["store", "s", "s1"] == events(0, 1)
    assert record.aside["store", "dead", "s1"] == events(2, 2)


def test_the_claim_says_so() -> None:
    (claim,) = claimed(Shape((AGENT,))).all

    assert claim.delivery == "exactly_once"
    assert ("else", "what is a dead letter goes to store.dead, each copy of it") in [
        *reasoning(claim)
    ]


def test_where_nothing_repeats_there_is_one_letter() -> None:
    counted = replace(AGENT, sources=(Part("posts", "seq", (("total", "30"),)),))
    (claim,) = claimed(Shape((counted,))).all

    assert ("else", "what is a dead letter goes to store.dead") in [*reasoning(claim)]
