"""Back-pressure is told from who waits, over links, to what is too slow."""

from typing import Any

from flumec.runtime.control.client import Client
from flumec.runtime.live.find import Live
from flumec.runtime.live.pressure import pressure
from flumec.runtime.live.text import rows

LINK = "tailer.spool => collector.inbox"


def part(**told: Any) -> dict[str, Any]:
    return {"failing": "", "resting": "", "pressed": 0.0} | told


def agent(name: str, held: int, wiring: dict[str, Any], **parts: dict[str, Any]) -> Live:
    (channel,) = {*wiring["empties"].values(), *wiring["links_in"].values()}
    channels = {channel: {"held_bytes": held, "held": 1, "size": 100}}
    state = {"channels": channels, "parts": parts, "wiring": wiring}
    return Live(name, Client(address=("127.0.0.1", 1)), state)


def tailer(held: int, host: str = "web-1", pressed: float = 0.0, **sender: Any) -> Live:
    wiring = {
        "feeds": {"access": ["spool"]}, "empties": {"to": "spool"}, "links_in": {},
        "links_out": {"to": LINK},
    }  # fmt: skip
    parts = {"access": part(pressed=pressed), "to": part(**sender)}
    return agent(f"{host}/tailer", held, wiring, **parts)


def collector(held: int, **sink: Any) -> Live:
    wiring = {
        "feeds": {}, "empties": {"lake": "inbox"}, "links_in": {LINK: "inbox"}, "links_out": {},
    }  # fmt: skip
    return agent("core-1/collector", held, wiring, lake=part(**sink))


def test_where_nothing_is_full_nothing_is_said() -> None:
    assert list(pressure([tailer(89), collector(0, failing="no")])) == []


def test_it_goes_over_the_link_to_what_fails() -> None:
    fleet = [tailer(100, pressed=3.0), collector(95, failing="no NameNode answers")]
    (line,) = pressure(fleet)
    assert line.split(" ← ") == [
        "web-1/tailer.access waits",
        "web-1/tailer.spool is 100% full",
        "core-1/collector.inbox is 95% full",
        "lake cannot work: no NameNode answers",
    ]


def test_who_is_held_up_at_the_same_place_of_another_agent_is_counted() -> None:
    fleet = [tailer(99, f"web-{n}", 2.0) for n in range(1, 4)] + [collector(97, resting="paused")]
    (line,) = pressure(fleet)
    assert line.startswith("web-1/tailer.access waits ← web-1/tailer.spool is 99% full ← core-1")
    assert line.endswith("← lake is paused (and 2 more likewise)")


def test_who_is_held_up_by_its_own_has_a_line() -> None:
    said = list(pressure([tailer(99, "web-1", 2.0), tailer(99, "web-2"), collector(0)]))
    assert [line.partition(" ")[0] for line in said] == [
        "web-1/tailer.access", "web-2/tailer.spool",
    ]  # fmt: skip


def test_a_link_whose_other_end_has_room_is_itself_the_reason() -> None:
    assert list(pressure([tailer(92, failing="no link to core-1"), collector(3)])) == [
        "web-1/tailer.spool is 92% full ← to cannot work: no link to core-1"
    ]
    assert list(pressure([tailer(92)])) == [
        "web-1/tailer.spool is 92% full ← to is slower than what comes"
    ]


def test_agents_that_do_not_answer_are_passed_over() -> None:
    silent = Live("x", Client(address=("127.0.0.1", 1)), None, "gone")
    assert len(list(pressure([silent, tailer(92), silent]))) == 1


def test_a_channel_that_is_bounded_in_events_is_full_by_them() -> None:
    full = tailer(10)
    assert full.state is not None
    full.state["channels"]["spool"] |= {"held": 95, "events": 100}
    assert list(pressure([full])) == [
        "web-1/tailer.spool is 95% full ← to is slower than what comes"
    ]


def shared(**members: dict[str, Any]) -> Live:
    wiring = {
        "feeds": {}, "empties": dict.fromkeys(members, "spool"), "links_in": {}, "links_out": {},
    }  # fmt: skip
    live = agent("web-1/tailer", 95, wiring, **members)
    assert live.state is not None
    live.state["channels"]["spool"] |= {"in": 0.0, "out": 0.0, "lag": 1.0}
    return live


def test_of_a_group_each_member_is_told_but_who_only_stands_by() -> None:
    busy, idle = part(counters={"group_active": 1.0}), part(counters={"group_active": 0.0})
    broken = part(failing="no NameNode answers", counters={"group_active": 0.0})
    (said,) = pressure([shared(first=broken, second=busy, third=idle)])
    assert said == (
        "web-1/tailer.spool is 95% full ← "
        "first cannot work: no NameNode answers, second is slower than what comes"
    )
    (said,) = pressure([shared(first=idle, second=idle)])
    assert said.endswith("first is slower than what comes, second is slower than what comes")


def test_the_table_names_all_members_of_a_group() -> None:
    ((*_, emptied_by),) = rows([shared(first=part(), second=part(resting="paused"), third=part())])
    assert emptied_by == "first, second (paused), third"
    ((*_, emptied_by),) = rows([shared(first=part(), second=part(failing="no"))])
    assert emptied_by == "first, second (cannot work)"
