"""What kills sinks or fits into no frame ends as dead letters, each once, and the rest as ever."""

import pytest
from prove import simulated
from prove.claiming import claimed
from prove.harm import is_borne
from prove.judging import Judge, Record
from prove.script import parse
from prove.shape import Agent, Chain, Link, Part, Reading, Settings, Shape, Target
from prove.ways import Event, Rejection, Ways

FILES = ("directory", '"/srv/s"'), ("format", "json"), ("roll", "{\n  events = 5\n  every = 1s\n}")
LOG = ("files", '["/var/log/${host.name}/lines.log"]'), ("rotated", '["/var/log/**/*.log.[0-9]"]')


NAMED = (*FILES, ("dedup", "{\n  key = header.id\n  window = 10m\n  late = late\n}"))


def fleet(
    *, policy: str = "failover", letters: bool = True, read: Settings = (), keeps: str = ""
) -> Shape:
    """Return two tiers; the sinks, and the link, have a place for what they cannot take.

    The events `keeps` are those that the second one does not leave out, where it has a filter.
    """
    edge = Agent(
        "edge", ("e",), (Part("lines", "taildir", (*LOG, ("rotation", "copytruncate"))),),
        tuple(Part(name, "file") for name in ("c", "rejected", *("late",) * (read == NAMED))),
        (Part("t", "file_roll", read),) if read else (),
        chains=(Chain("lines", (Target("c"),)),),
        readings=(Reading("rejected", ("t",)),) if read else (),
    )  # fmt: skip
    dead = (("dead_letter", "dead"),) if letters else ()
    store = Agent(
        "store", ("s1", "s2"), (Part("feed", "link"),) if keeps else (),
        (Part("c", "file"), *(Part(name, "file") for _, name in dead)),
        (Part("s", "file_roll", (*FILES, *dead)),),
        chains=(Chain("feed", (Target("c"),), keeps=keeps),) if keeps else (),
        readings=(Reading("c", ("s",)),),
    )  # fmt: skip
    values = ("port", "4101"), ("policy", policy)
    link = Link(
        ("edge", "c"), ("store", "feed" if keeps else "c"),
        (*values, ("largest_frame", "64KiB"), ("dead_letter", "rejected")),
    )  # fmt: skip
    return Shape((edge, store), (link,))


def played(shape: Shape, text: str) -> tuple[Record, list[str]]:
    """Return what came of a script, and what of it no claim allows."""
    made = claimed(shape)
    record = simulated.play(shape, made.plan, parse(text), 1)
    return record, [str(each) for each in Judge(shape, made.claims).wrong(record)]


def lines(numbers: list[int]) -> list[Event]:
    return [Event("edge", "lines", "e", number) for number in numbers]


def test_poison_is_put_aside_by_the_sink_and_a_large_event_by_the_link() -> None:
    record, wrong = played(
        fleet(), "0 send edge lines e 2\n0.1 poison edge lines e 1\n0.2 bulk edge lines e 1\n"
        "0.3 send edge lines e 2",
    )  # fmt: skip

    assert not wrong
    assert record.arrived["store", "s", "s1"] == lines([0, 1, 4, 5])
    assert record.aside["store", "dead", "s1"] == lines([2])
    assert record.aside["edge", "rejected", "e"] == lines([3])


@pytest.mark.slow
def test_a_link_to_all_puts_a_copy_aside_for_each_and_a_sink_may_have_them() -> None:
    record, wrong = played(fleet(policy="all", read=FILES), "0 bulk edge lines e 1")

    assert not wrong
    assert record.arrived["edge", "t", "e"] == lines([0, 0])


@pytest.mark.slow
def test_what_a_link_puts_aside_may_be_late_at_the_sink_that_has_it() -> None:
    record, wrong = played(fleet(read=NAMED), "0 bulk edge lines e 1\n0.1 kill edge e 85")

    assert not wrong
    assert record.aside["edge", "late", "e"] == lines([0])


@pytest.mark.slow
def test_a_link_may_put_aside_what_is_left_out_behind_it() -> None:
    text = "0 bulk edge lines e 1\n0.1 send edge lines e 2"
    record, wrong = played(fleet(read=FILES, keeps="1"), text)

    assert not wrong
    assert record.arrived["edge", "t", "e"] == lines([0])
    assert record.arrived["store", "s", "s1"] == lines([1])


def test_poison_is_given_to_nobody_who_would_stand_still_before_it() -> None:
    assert is_borne(fleet(), *lines([0]))
    assert not is_borne(fleet(letters=False), *lines([0]))


def test_what_is_rejected_counts_once_for_all_that_the_link_leads_to() -> None:
    one, two = Ways(fleet(policy="all")).each(*lines([0]))
    rejection = Rejection("edge", "rejected", "e")

    assert one == {("store", "s", "s1"), rejection}
    assert two == {("store", "s", "s2"), rejection}
    assert len(Ways(fleet(policy="all")).of(*lines([0]))) == 2


def test_what_comes_between_a_copy_and_the_emptying_is_lost_and_nothing_else() -> None:
    record, wrong = played(fleet(), "0 send edge lines e 3\n0.3 copy edge lines e 2")

    assert not wrong
    assert record.arrived["store", "s", "s1"] == lines([0, 1, 2])
    assert record.failures == {"rotation"}


@pytest.mark.slow
def test_a_rotation_between_no_two_lines_is_no_failure() -> None:
    record, wrong = played(fleet(), "0 send edge lines e 3\n0.3 copy edge lines e 0")

    assert not wrong
    assert not record.failures
