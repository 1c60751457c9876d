"""The hosts that a check may lose are those whose loss hurts most, as trying every choice finds."""

import random
from collections.abc import Iterator
from itertools import combinations, islice
from math import inf
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.inputs import in_memory
from flumec.compiler.model import Fleet, Host
from flumec.compiler.options import Options
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.choosing import MOST_WAYS, Choices, _names, together
from flumec.compiler.proofs.peers import Machine
from flumec.compiler.proofs.scenes import Scene, faults_of, scenes

FLEET = """
hosts web = inventory("hosts.ini", group = "web") {
  vars {
    rack : string
  }
}

hosts core = inventory("hosts.ini", group = "core") {
  vars {
    rack : string
    room : size
  }
}

agent a on web {
  source main : http {
    port = 8080
    tls = server
  }

  channel spool : file {
    size = 1GiB
  }

  main -> spool
}

agent b on core {
  channel inbox : file {
    size = host.vars.room
  }

  sink out : hdfs {
    path = "hdfs://nn1.example.com/logs/%Y"
  }

  inbox -> out
}

a.spool => b.inbox {
  port = 4141
  policy = POLICY
  tls = mutual
}

check "some may be down" {
  from = a.main
  to = b.out
  rate = 1MB/s
  survives = [FAULTS]
}
"""
SOURCE, SINK = ("a", "main"), ("b", "out")


def bound(policy: str, faults: str, core: list[str], web: list[str]) -> Fleet:
    text = FLEET.replace("POLICY", policy).replace("FAULTS", faults)
    inventory = "\n".join(["[core]", *core, "[web]", *web, ""])
    files = in_memory({"a.flow": text, "hosts.ini": inventory})
    fleet, mistakes = bind([Path("a.flow")], Options(), files)
    assert not [each.message for each in mistakes]
    return fleet


def soonest(capacity: Capacity, each: list[Scene]) -> float:
    found = [capacity.held(SOURCE, frozenset({SINK}), scene) for scene in each]
    return min((held.after for held in found if held is not None), default=inf)


def said(fleet: Fleet) -> float:
    (proof,) = fleet.proofs
    capacity, faults = Capacity(fleet, Graph(fleet)), faults_of(proof)
    length = faults[-1].values.get("duration") or faults[-1].values["down"]
    return soonest(capacity, list(scenes(capacity.machines, faults, length.value)))


def tried(fleet: Fleet, count: int, *, out: bool) -> float:
    """Return when something is full first, trying every choice of so many hosts, and of fewer."""
    sinks = frozenset({SINK} if out else ())
    every = [Scene(sinks, dead) for dead in chosen(fleet, count)]
    return soonest(Capacity(fleet, Graph(fleet)), every)


def chosen(fleet: Fleet, count: int) -> Iterator[frozenset[Machine]]:
    """Yield every choice of so many hosts of the second agent, and of fewer."""
    names = [host.name for host in fleet.agents["b"].hosts.hosts]
    for size in range(count + 1):
        for taken in combinations(names, size):
            yield frozenset(("b", name) for name in taken)


def drawn(seed: int, most: int, asked: str = "") -> tuple[Fleet, int, bool]:
    chance = random.Random(seed)
    racks, rooms = ("r1", "r2", "r3"), ("2GiB", "4GiB", "400GiB")
    size, count, out = chance.randint(3, most), chance.randint(1, 2), chance.random() < 0.6
    core = [f"c{n} rack={racks[n % 3]} room={chance.choice(rooms)}" for n in range(size)]
    web = [f"w{n} rack={racks[n % 3]}" for n in range(chance.randint(3, 6))]
    policy = chance.choice(["failover", "failover\n  spread = true", "balance"])
    policy += chance.choice(["", "\n  within = host.vars.rack"])
    faults = [f"kill(b, count = {count}{'' if out else ', down = 12h'})"]
    asked = asked or ", ".join(faults + ["outage(b.out, 12h)"] * out)
    return bound(policy, asked, core, web), count, out


@pytest.mark.parametrize("seed", range(40))
def test_few_choices_are_all_tried(seed: int) -> None:
    fleet, count, out = drawn(seed, 6)

    assert said(fleet) == tried(fleet, count, out=out)


@pytest.mark.parametrize("seed", range(20))
def test_two_faults_of_one_agent_take_two_of_its_hosts(seed: int) -> None:
    faults = "lose(b, replaced = 12h), kill(b, down = 12h), outage(b.out, 12h)"
    fleet, _, _ = drawn(seed, 5, faults)

    every = [
        Scene(frozenset({SINK}), lost | killed, gone=lost)
        for lost in chosen(fleet, 1)
        for killed in chosen(fleet, 1)
    ]
    assert said(fleet) == soonest(Capacity(fleet, Graph(fleet)), every)


def test_what_one_fault_takes_another_one_takes_last() -> None:
    core = [f"c{n} rack=r1 room=1GiB" for n in range(40)]
    fleet = bound("balance", "kill(b, down = 12h)", core, ["w1 rack=r1"])
    agent, choices = fleet.agents["b"], Choices(fleet)

    assert choices.of(agent, 1) == (("c0",), ())
    assert choices.of(agent, 1, {"c0"}) == (("c1",), ("c0",), ())


def test_the_last_host_of_a_rack_is_among_many() -> None:
    racks = [f"c{n} rack=r{n % 20} room=1GiB" for n in range(100)]
    fleet = bound(
        "failover\n  within = host.vars.rack",
        "kill(b, count = 1, down = 12h)",
        [*racks, "last rack=r99 room=1GiB"],
        ["w1 rack=r1", "w2 rack=r99"],
    )

    assert said(fleet) < inf


def test_fewer_hosts_may_be_worse_to_lose() -> None:
    fleet = bound(
        "failover",
        "kill(b), outage(b.out, 8h)",
        ["c1 rack=r1 room=4GiB", "c2 rack=r1 room=400GiB"],
        ["w1 rack=r1"],
    )

    assert said(fleet) == tried(fleet, 0, out=True)


def test_the_hosts_of_one_kind_are_tried_once() -> None:
    text = """
    hosts core = "c{01..40}"

    agent b on core {
      source feed : http {
        port = 8080
        tls = server
      }

      channel inbox : file

      sink out : null

      feed -> inbox
      inbox -> out
    }
    """
    fleet = lint_text(text).fleet

    assert Choices(fleet).of(fleet.agents["b"], 2) == (("c01", "c02"), ())


def test_there_are_never_too_many() -> None:
    core = [f"c{n} rack=r{n} room={n + 1}GiB" for n in range(200)]
    policy = "failover\n  within = host.vars.rack"
    fleet = bound(policy, "kill(b, down = 12h)", core, ["w1 rack=r1"])

    found = Choices(fleet).of(fleet.agents["b"], 3)
    assert len(found) == MOST_WAYS
    assert found[-1] == ()
    assert ("c199", "c198", "c197") in found


def test_equal_racks_are_tried_once_and_two_where_two_hosts_are_taken() -> None:
    racks = [f"r{n % 20}" for n in range(200)]
    core = [f"c{n} rack={rack} room=1GiB" for n, rack in enumerate(racks)]
    web = [f"w{n} rack=r{n}" for n in range(20)]
    fleet = bound("balance\n  within = host.vars.rack", "kill(b, down = 12h)", core, web)

    choices = Choices(fleet)
    assert choices.of(fleet.agents["b"], 1) == (("c0",), ())
    assert {frozenset(one) for one in choices.of(fleet.agents["b"], 2)} == {
        frozenset(one) for one in ((), ("c0",), ("c1",), ("c0", "c20"), ("c1", "c21"), ("c0", "c1"))
    }


def test_a_rack_with_more_senders_is_one_of_its_own() -> None:
    core = [f"c{n} rack=r{n % 3} room=1GiB" for n in range(6)]
    web = [*(f"w{n} rack=r{n % 3}" for n in range(3)), "w3 rack=r2"]
    fleet = bound("balance\n  within = host.vars.rack", "kill(b, down = 12h)", core, web)

    assert Choices(fleet).of(fleet.agents["b"], 1) == (("c0",), ("c2",), ())


def test_of_each_of_many_places_no_more_names_are_read_than_are_taken() -> None:
    """A fleet where each host is a place of its own took the time of its square."""
    read: list[str] = []

    class Seen(NamedTuple):
        number: int

        @property
        def name(self) -> str:
            read.append(f"c{self.number}")
            return read[-1]

    hosts = [Seen(number) for number in range(1000)]
    names = _names(cast("list[Host]", hosts[:1]), cast("list[Host]", hosts))

    assert list(islice(names, 2)) == ["c0", "c1"]
    assert len(set(read)) == 2


def test_of_several_faults_each_is_tried_alone_and_none() -> None:
    found = together(range(3), lambda _fault, _before: range(9))

    assert len(found) <= MOST_WAYS + 4
    assert {(0, 0, 0), (0, 8, 8), (8, 0, 8), (8, 8, 0), (8, 8, 8)} <= set(found)
