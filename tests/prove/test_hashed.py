"""A hash of what all events of a source have in common leads all of them to one host."""

from prove import simulated
from prove.case import Case
from prove.claiming import claimed
from prove.script import parse
from prove.shape import Agent, Chain, Link, Part, Reading, Shape, Target
from prove.ways import Event, Ways, sinks

FILES = ("directory", '"/srv/s"'), ("format", "json"), ("roll", "{\n  every = 1s\n}")
POSTS = Part("posts", "http", (("port", "4100"),))


def fleet(policy: str) -> Shape:
    """Return one host that sends to three agents, of which each has a sink."""
    edge = Agent(
        "edge", ("e",), (POSTS,), (Part("c", "file"),), chains=(Chain("posts", (Target("c"),)),)
    )
    stores = tuple(
        Agent(
            name, (f"{name}-1",), (), (Part("c", "file"),), (Part("s", "file_roll", FILES),),
            readings=(Reading("c", ("s",)),),
        )
        for name in ("one", "two", "three")
    )  # fmt: skip
    first, *more = ((agent.name, "c") for agent in stores)
    values = ("port", "4101"), ("time_out", "6s"), ("policy", policy)
    return Shape((edge, *stores), (Link(("edge", "c"), first, values, tuple(more)),))


def test_it_is_the_host_that_the_agents_choose() -> None:
    for key in ("header.origin", "header.via"):
        shape = fleet(f"hash({key})")
        (end,) = Ways(shape, exact=True).each(Event("edge", "posts", "e", 0))
        script = parse("0 send edge posts e 5")
        record = simulated.play(shape, claimed(shape).plan, script, 1)

        assert len(sinks(end)) == 1
        assert {place for place, events in record.arrived.items() if events} == sinks(end)


def test_what_is_claimed_of_no_event_need_not_be_shown() -> None:
    def weaker(policy: str) -> int:
        shape = fleet(policy)
        return len(Case(1, shape, claimed(shape).all).weaker)

    assert weaker("balance") == weaker("hash(header.id)") == 3
    assert weaker("hash(header.origin)") == 1
