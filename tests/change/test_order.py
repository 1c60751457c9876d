"""Receivers come before senders; circles are answered, and so is what two teams share."""

from flumec.compiler.change.fleet import planned
from flumec.compiler.change.order import Wave, waves

from .conftest import FLOW, Planner, changed, compiled

AGENT = """
agent {0} on {1} {{
  channel in{0} : file

  sink sink{0} : null

  source seq{0} : seq
{2}
  seq{0} -> in{0}
  in{0} -> sink{0}
}}
"""
SENDING = """
  source more{0} : seq

  channel out{0} : file

  more{0} -> out{0}
"""


def fleet(hosts: dict[str, str], links: list[str]) -> str:
    """Return agents by their host sets, each set of one host of that name, linked `a=>b`."""
    ends = [link.split("=>") for link in links]
    senders = {start for start, _ in ends}
    sets = [f'hosts {name} = ["{name}-host"]\n' for name in dict.fromkeys(hosts.values())]
    agents = [
        AGENT.format(agent, host, SENDING.format(agent) if agent in senders else "")
        for agent, host in hosts.items()
    ]
    joined = [
        f"\n{a}.out{a} => {b}.in{b} {{\n  port = {5000 + number}\n}}\n"
        for number, (a, b) in enumerate(ends)
    ]
    return "".join([*sets, *agents, *joined])


def order(text: str) -> list[Wave]:
    return waves(planned(compiled(text)))


def test_receivers_come_first() -> None:
    assert order(fleet({"a": "x", "b": "y", "c": "z"}, ["a=>b", "b=>c"])) == [
        Wave(("z-host",)), Wave(("y-host",)), Wave(("x-host",)),
    ]  # fmt: skip


def test_who_has_nothing_to_wait_for_is_in_the_first_wave() -> None:
    assert order(fleet({"a": "x", "b": "y", "c": "z"}, ["a=>b"])) == [
        Wave(("y-host", "z-host")), Wave(("x-host",)),
    ]  # fmt: skip


def test_hosts_that_send_to_each_other_share_a_wave_and_it_says_so() -> None:
    hosts = {"a": "x", "b": "y", "c": "y", "d": "x", "e": "z"}
    assert order(fleet(hosts, ["a=>b", "c=>d", "e=>b"])) == [
        Wave(("x-host", "y-host"), circle=True), Wave(("z-host",)),
    ]  # fmt: skip


def test_only_hosts_that_change_are_in_a_wave(planner: Planner) -> None:
    more = ('web-2"]', 'web-2", "web-3"]')
    found = planner(changed(more))
    assert [wave.hosts for wave in found.waves] == [("core-1",), ("web-1", "web-2", "web-3")]
    assert [wave.hosts for wave in planner(FLOW).waves] == []


def test_where_a_link_goes_its_sender_is_first() -> None:
    text = fleet({"a": "x", "b": "y", "c": "z"}, ["a=>b"])
    before, after = (
        planned(compiled(text)),
        planned(compiled(fleet({"a": "x", "b": "y", "c": "z"}, []))),
    )
    assert waves(after, before) == [Wave(("x-host", "z-host")), Wave(("y-host",))]


def test_a_link_that_turns_round_has_its_new_receiver_first() -> None:
    hosts = {"a": "x", "b": "y"}
    before, after = (planned(compiled(fleet(hosts, [link]))) for link in ("a=>b", "b=>a"))
    assert waves(after, before) == [Wave(("x-host",)), Wave(("y-host",))]


def test_a_part_of_a_fleet_is_ordered_alone() -> None:
    plan = compiled(FLOW).only({"web-1"})
    assert waves(planned(plan)) == [Wave(("web-1",))]
