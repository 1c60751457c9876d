"""A link rejects nothing that another one took before: of some letters there is one only."""

import pytest
from prove import simulated
from prove.case import Case
from prove.claiming import claimed
from prove.judging import Judge
from prove.script import parse
from prove.shape import Agent, Chain, Link, Part, Reading, Settings, Shape, Target
from prove.ways import Event

LIMITED = ("largest_frame", "64KiB"), ("dead_letter", "rejected")
LETTERS = ("edge", "lines"), ("relay", "t")


def fleet(first: Settings) -> Shape:
    """Return two links whose copies meet in front of a third, which may reject both; where the
    `first` one does so before, only one of them comes.
    """
    log = (
        ("files", '["/var/log/${host.name}/lines.log"]'),
        ("rotated", '["/var/log/**/*.log.[0-9]"]'),
    )
    edge = Agent(
        "edge", ("e",), (Part("lines", "taildir", log),),
        tuple(Part(name, "file") for name in ("one", "two", *("rejected",) * bool(first))), (),
        chains=(Chain("lines", (Target("one"), Target("two"))),),
    )  # fmt: skip
    relay = Agent(
        "relay", ("r",), (), (Part("inbox", "file"), Part("rejected", "file")),
        (Part("t", "file_roll", (("directory", '"/srv/t"'), ("format", "json"))),),
        readings=(Reading("rejected", ("t",)),),
    )  # fmt: skip
    store = Agent(
        "store", ("s",), (), (Part("c", "file"),),
        (Part("s", "file_roll", (("directory", '"/srv/s"'), ("format", "json"))),),
        readings=(Reading("c", ("s",)),),
    )  # fmt: skip
    links = (
        Link(("edge", "one"), ("relay", "inbox"), (("port", "4101"), *first)),
        Link(("edge", "two"), ("relay", "inbox"), (("port", "4102"),)),
        Link(("relay", "inbox"), ("store", "c"), (("port", "4103"), *LIMITED)),
    )
    return Shape((edge, relay, store), links)


@pytest.mark.parametrize(("first", "copies"), [(LIMITED, 1), ((), 2)], ids=["limited", "not"])
def test_two_letters_are_to_be_shown_where_both_copies_come(first: Settings, copies: int) -> None:
    shape = fleet(first)
    made = claimed(shape)
    record = simulated.play(shape, made.plan, parse("0 bulk edge lines e 1"), 1)

    assert made.claims[LETTERS].delivery == "at_least_once"
    assert not Judge(shape, made.claims).wrong(record)
    assert record.arrived["relay", "t", "r"] == copies * [Event("edge", "lines", "e", 0)]
    weaker = {(claim.source, claim.sink) for claim in Case(0, shape, made.all).weaker}
    assert (LETTERS in weaker) == (copies == 2)
