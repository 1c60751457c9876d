"""The judge sees what is lost, doubled, reordered or astray, and who allows it."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.proofs.claim import Claim, Detour, Effect, Failure, Harm, Order
from prove.judging import Judge, Record
from prove.shape import Agent, Arm, Chain, Link, Part, Reading, Settings, Shape, Target
from prove.ways import Event, Ways, named

LINES = Part("lines", "taildir", (("files", '["/var/log/a.log"]'),))
FILE = Part("c", "file")
STORE = Part("s", "file_roll", (("directory", '"/srv/s"'),))
OTHER = Part("t", "file_roll", (("directory", '"/srv/t"'),))
SIMPLE = Agent(
    "a", ("h",), (LINES,), (FILE,), (STORE,),
    chains=(Chain("lines", (Target("c"),)),), readings=(Reading("c", ("s",)),),
)  # fmt: skip
ALONE = Shape((SIMPLE,))
PLACE = ("a", "s", "h")


def event(number: int, host: str = "h") -> Event:
    return Event("a", "lines", host, number)


def claim(*harms: tuple[Failure, Harm], sink: str = "s", keys: Iterable[str] = ()) -> Claim:
    span = next(iter(lint_text(ALONE.text).fleet.agents.values())).span
    worst = {
        failure: (Effect(failure, harm, ("a", "c"), span, "of a test"),) for failure, harm in harms
    }
    order = Order(frozenset(keys))
    detours = (Detour("dead letter", ("a", "c"), "d", span),)
    return Claim(("a", "lines"), ("a", sink), "line", worst, (), order, detours)


def judged(record: Record, *claims: Claim, shape: Shape = ALONE) -> list[str]:
    judge = Judge(shape, {(each.source, each.sink): each for each in claims or (claim(),)})
    return sorted({each.kind for each in judge.wrong(record)})


def record(*numbers: int, sent: int = 3) -> Record:
    come = [event(number) for number in numbers]
    headers = {PLACE: {each: {"digit": each.digit, "id": each.name} for each in come}}
    return Record({event(n): True for n in range(sent)}, {PLACE: come}, headers)


def test_all_is_well() -> None:
    assert judged(record(0, 1, 2)) == []


def test_what_did_not_come_is_lost() -> None:
    assert judged(record(0, 2)) == ["lost"]


def test_what_was_never_acknowledged_is_not() -> None:
    unsure = record(0, 2)
    unsure.sent[event(1)] = False
    assert judged(unsure) == []


@pytest.mark.parametrize("words", [(("dead_letter", "d"),), (("dedup", "{\n  late = d\n}"),)])
def test_what_lies_where_it_may_is_not(words: Settings) -> None:
    store = replace(STORE, values=(*STORE.values, *words))
    shape = Shape((replace(SIMPLE, channels=(FILE, Part("d", "file")), sinks=(store,)),))
    aside = record(0, 2)
    assert judged(aside, shape=shape) == ["lost"]
    aside.aside["a", "d", "h"] = [event(1)]
    assert judged(aside, shape=shape) == []
    aside.arrived[PLACE].append(event(1))
    is_late = words[0][0] == "dedup"
    assert judged(aside, shape=shape) == ([] if is_late else ["doubled"])


def test_what_lies_where_no_claim_says_so_is_unsaid() -> None:
    aside = record(0, 1)
    aside.aside["a", "d", "h"] = [event(2)]
    assert judged(aside, replace(claim(), detours=())) == ["lost", "unsaid"]


def test_what_another_sink_gets_of_what_one_gave_up_is_in_one_place() -> None:
    store = replace(STORE, values=(*STORE.values, ("dead_letter", "d")))
    agent = replace(
        SIMPLE, channels=(FILE, Part("d", "file")), sinks=(store, OTHER),
        readings=(*SIMPLE.readings, Reading("d", ("t",))),
    )  # fmt: skip
    both = (claim(), claim(sink="t"))
    given = record(0, 2)
    given.arrived["a", "t", "h"] = [event(1)]
    assert judged(given, *both, shape=Shape((agent,))) == []
    given.arrived[PLACE] += [event(1)]
    assert judged(given, *both, shape=Shape((agent,))) == ["doubled"]


def test_each_copy_that_a_failure_brings_may_lie_aside_where_a_claim_says_so() -> None:
    store = replace(STORE, values=(*STORE.values, ("dead_letter", "d")))
    shape = Shape((replace(SIMPLE, channels=(FILE, Part("d", "file")), sinks=(store,)),))
    plain = claim()
    detour = replace(plain.detours[0], copied=frozenset({Failure.CLIENT_RETRIED}))
    said = replace(plain, detours=(detour,))
    aside = record(0, 2)
    aside.aside["a", "d", "h"] = [event(1), event(1)]
    assert judged(aside, said, shape=shape) == ["doubled"]
    aside.failures.add(Failure.CLIENT_RETRIED)
    assert judged(aside, said, shape=shape) == []
    assert judged(aside, plain, shape=shape) == ["doubled"]
    aside.arrived[PLACE] += [event(0)]
    assert judged(aside, said, shape=shape) == ["doubled"]


def test_what_came_twice_is_doubled() -> None:
    assert judged(record(0, 1, 2, 1)) == ["doubled"]


def test_order_is_that_of_the_first_copies() -> None:
    assert judged(record(0, 2, 1)) == ["reordered"]
    assert judged(record(0, 2, 1), claim(keys=["id"])) == []
    twice = record(0, 1, 2, 0)
    twice.failures.add(Failure.KILLED)
    assert judged(twice, claim((Failure.KILLED, Harm.REPEATS))) == []


def test_what_came_where_it_does_not_belong_is_astray() -> None:
    assert judged(record(0, 1, 2, 3)) == ["astray"]


def test_where_nothing_is_claimed_nothing_may_come() -> None:
    assert judged(record(0, 1, 2), claim(sink="t")) == ["unclaimed"]


@pytest.mark.parametrize(
    ("harm", "came"), [(Harm.LOSES, (0, 2)), (Harm.REPEATS, (0, 1, 2, 1))], ids=["loses", "repeats"]
)
def test_a_harm_is_allowed_to_its_own_failure_alone(harm: Harm, came: tuple[int, ...]) -> None:
    weak = claim((Failure.POWER_CUT, harm))
    harmed = record(*came)
    assert judged(harmed, weak)
    harmed.failures.add(Failure.KILLED)
    assert judged(harmed, weak)
    harmed.failures.add(Failure.POWER_CUT)
    assert judged(harmed, weak) == []
    assert judged(harmed, claim((Failure.ALWAYS, harm))) == []
    other = {Harm.LOSES: Harm.REPEATS, Harm.REPEATS: Harm.LOSES}[harm]
    assert judged(harmed, claim((Failure.POWER_CUT, other)))


def test_one_member_of_a_group_gets_an_event() -> None:
    agent = Agent(
        "a", ("h",), (LINES,), (FILE,), (STORE, OTHER),
        chains=(Chain("lines", (Target("c"),)),), readings=(Reading("c", ("s", "t"), "balance"),),
    )  # fmt: skip
    shared = Record(
        {event(0): True, event(1): True}, {PLACE: [event(0)], ("a", "t", "h"): [event(1)]}
    )
    both = (claim(), claim(sink="t"))
    assert judged(shared, *both, shape=Shape((agent,))) == []
    shared.arrived[PLACE].append(event(1))
    assert judged(shared, *both, shape=Shape((agent,))) == ["doubled"]


def test_ways_go_by_digits_filters_and_links() -> None:
    chain = Chain(
        "lines", keeps="012345678",
        arms=(
            Arm("0", (Target(None),)), Arm("12", (Target("c"), Target("d"))),
            Arm("", (Target("d"),)),
        ),
    )  # fmt: skip
    channels = (FILE, Part("d", "file"))
    edge = Agent("a", ("h", "i"), (LINES,), channels, (STORE,), chains=(chain,),
                 readings=(Reading("c", ("s",)),))  # fmt: skip
    store = Agent("b", ("x", "y"), (), (FILE,), (STORE,), readings=(Reading("c", ("s",)),))
    here = frozenset({("a", "s", "h")})
    at = {host: frozenset({("b", "s", host)}) for host in "xy"}

    def ends(number: int, policy: str) -> set[frozenset[tuple[str, str, str]]]:
        link = Link(("a", "d"), ("b", "c"), (("port", "4000"), ("policy", policy)))
        return set(Ways(Shape((edge, store), (link,))).of(event(number)))

    assert ends(0, "all") == ends(9, "all") == set()
    assert ends(1, "all") == {here, at["x"], at["y"]}
    assert ends(3, "all") == {at["x"], at["y"]}
    assert ends(3, "failover") == {at["x"] | at["y"]}


def test_a_link_within_sites_leads_to_the_hosts_of_the_senders_own() -> None:
    north, south = ((("site", '"north"'),), (("site", '"south"'),))
    edge = replace(SIMPLE, hosts=("h", "i"), readings=(), sinks=(), facts=(north, south))
    stores = [
        Agent(name, hosts, (), (FILE,), (STORE,), readings=(Reading("c", ("s",)),), facts=facts)
        for name, hosts, facts in (("b", ("x", "y"), (north, south)), ("d", ("z",), (north,)))
    ]
    values = (("port", "4000"), ("policy", "failover"), ("within", "host.site"))
    link = Link(("a", "c"), ("b", "c"), values, more=(("d", "c"),))
    ways = Ways(Shape((edge, *stores), (link,)))

    assert ways.of(event(0, "h")) == (frozenset({("b", "s", "x"), ("d", "s", "z")}),)
    assert ways.of(event(0, "i")) == (frozenset({("b", "s", "y")}),)
    (either,) = ways.of(event(0, "i"), frozenset("h"))
    assert {host for _, _, host in either} == set("xyz")


def test_order_is_that_in_each_folder() -> None:
    mixed = record(0, 2, 1)
    assert judged(mixed) == ["reordered"]
    store = replace(STORE, values=(*STORE.values, ("path", '"%{digit}"')))
    shape = Shape((replace(SIMPLE, sinks=(store,)),))
    whole, apart = claim(), Order(frozenset(), folders=frozenset({"digit"}))
    assert judged(mixed, replace(whole, order=apart), shape=shape) == []
    assert judged(mixed, whole, shape=shape) == ["reordered"], "no folder was said"


def test_copies_that_meet_belong_to_one_place() -> None:
    chain = Chain("lines", (Target("c"), Target("d")))
    edge = Agent("a", ("h",), (LINES,), (FILE, Part("d", "file")), chains=(chain,))
    store = Agent("b", ("x",), (), (FILE,), (STORE,), readings=(Reading("c", ("s",)),))
    links = tuple(Link(("a", name), ("b", "c"), (("port", "4000"),)) for name in "cd")

    assert Ways(Shape((edge, store), links)).of(event(0)) == (frozenset({("b", "s", "x")}),)


def test_an_event_is_known_by_its_name() -> None:
    assert named(event(12).name) == event(12)
