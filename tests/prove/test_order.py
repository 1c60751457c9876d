"""Where order is claimed it is kept whoever dies at which step; where not, it is indeed not kept:
hand-made fleets in the simulation.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.plan import Plan
from flumec.compiler.proofs.claim import Order
from flumec.compiler.proofs.claims import claims
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

HOUR = 3600.0

STORE = """  sink out : file_roll {
    directory = "/srv/a"
    format = json
    MORE
    roll {
      every = 1s
    }
  }
"""

RELAYED = (
    """hosts here = ["here-1"]

hosts between = ["relay-1", "relay-2"]

hosts there = ["there-1"]

agent a on here {
  source in : taildir {
    files = ["/var/log/a.log"]
  }

  channel spool : file

  in -> STEP spool
}

agent b on between {
  channel inbox : RELAYS
}

agent c on there {
  source feed : link

  channel held : HOLDS

"""
    + STORE
    + """
  feed -> ANEW held
  held -> out
}

a.spool => b.inbox {
  port = 4141
  policy = POLICY
}

b.inbox => c.feed {
  port = 4142
}
"""
)

POSTED = (
    """hosts here = [HOSTS]

hosts there = ["there-1"]

agent a on here {
  source in : http {
    port = 8080
  }

  channel spool : SPOOLS

  in -> spool
}

agent c on there {
  channel held : HOLDS
LATE
"""
    + STORE
    + """
  held -> out
}

a.spool => c.held {
  port = 4141
}
"""
)

DROPS = "file {\n    events = 3\n    when_full = drop_oldest\n  }"
DEDUP = "\n    dedup {\n      key = header.id\n      late = late\n    }\n"


def planned(text: str) -> tuple[Plan, Order]:
    """Return the plan of a fleet, and the order that is claimed of its events."""
    compiled = compile_text(text)
    assert compiled.plan is not None, [finding.message for finding in compiled.diagnostics]
    (claim,) = claims(Graph(compiled.fleet))
    return compiled.plan, claim.order


@contextmanager
def unordered(text: str) -> Iterator[World]:
    """Let a fleet work for whose events no order is claimed."""
    plan, order = planned(text)
    assert order.keys is None
    with World(plan) as world:
        yield world


def relayed(policy: str = "all", *, step: str = "", anew: str = "", **kinds: str) -> str:
    text = RELAYED.replace("STEP ", step).replace("ANEW ", anew).replace("POLICY", policy)
    text = text.replace("RELAYS", kinds.get("relays", "file")).replace("    MORE\n", "")
    return text.replace("HOLDS", kinds.get("holds", "file"))


def posted(hosts: Sequence[str], spools: str = "file", holds: str = "file", more: str = "") -> str:
    text = POSTED.replace("HOSTS", ", ".join(f'"{host}"' for host in hosts))
    return (
        text.replace("SPOOLS", spools)
        .replace("HOLDS", holds)
        .replace("    MORE", more)
        .replace("LATE", "\n  channel late : file\n" if more else "")
    )


def lines(world: World, *numbers: int) -> None:
    world.send("a", "in", [Event(b"%d" % number) for number in numbers])


def came(world: World) -> list[str]:
    """Return the first copies of what arrived, in their order."""
    assert world.rest(HOUR), (list(world.held()), world.failing)
    return list(dict.fromkeys(event.text for event in world.delivered("c", "out")))


def cut(world: World, start: str, end: str) -> None:
    world.network.cut(start, end)
    world.network.cut(end, start)


def heal(world: World, start: str, end: str) -> None:
    for one, other in ((start, end), (end, start)):
        world.network.reset(one, other)
        world.network.heal(one, other)


@pytest.mark.slow
def test_the_second_copy_of_what_was_dropped_comes_behind_what_is_newer() -> None:
    """One relay is down, the sink's channel drops the first copies, and the other's come late."""
    with unordered(relayed(holds=DROPS)) as world:
        world.kill("b", "relay-2", down=20)
        world.outage("c", "out", 10)
        world.advance(1)
        lines(world, 0, 1)
        world.advance(2)
        lines(world, 2, 3, 4)
        assert came(world) == ["2", "3", "4", "0", "1"]


@pytest.mark.slow
def test_a_relay_that_forgets_leaves_the_copy_of_the_slower_one() -> None:
    with unordered(relayed(relays="memory")) as world:
        world.advance(1)
        cut(world, "relay-1", "there-1")
        cut(world, "relay-2", "there-1")
        lines(world, 0)
        world.advance(2)
        world.kill("b", "relay-1")
        world.advance(2)
        lines(world, 1)
        heal(world, "relay-1", "there-1")
        world.advance(40)
        heal(world, "relay-2", "there-1")
        assert came(world) == ["1", "0"]


@pytest.mark.slow
def test_a_header_that_is_set_anew_was_another_when_the_ways_parted() -> None:
    step = 'regex_extract(r"(\\w)$", into = [header.key]) -> '
    anew = 'static(header.key, "x", preserve = false) -> '
    with unordered(relayed("hash(header.key)", step=step, anew=anew)) as world:
        world.advance(1)
        cut(world, "relay-1", "there-1")
        lines(world, *range(10))
        world.advance(60)
        heal(world, "relay-1", "there-1")
        found = came(world)
        assert sorted(found) != found
        assert {event.headers["key"] for event in world.delivered("c", "out")} == {"x"}


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["killed", "dropped"])
def test_a_request_without_a_name_comes_again_when_it_was_lost(lost: str) -> None:
    """The client heard nothing of an event that was stored, and lost; another's is stored first."""
    kinds = ("memory", "file") if lost == "killed" else ("file", DROPS)
    with unordered(posted(["here-1"], *kinds)) as world:
        world.outage("c", "out", 5)
        world.advance(1)
        cut(world, "here-1", "there-1")
        world.network.cut("here-1", "client")
        world.send("a", "in", [Event(b"0")])
        world.advance(1)
        if lost == "dropped":
            heal(world, "here-1", "there-1")
        world.advance(1)
        if lost == "killed":
            world.kill("a", down=0.2)
            world.advance(0.5)
        heal(world, "here-1", "client")
        world.send("a", "in", [Event(b"%d" % number) for number in (1, 2, 3)])
        world.advance(0.4)
        cut(world, "here-1", "client")
        heal(world, "here-1", "there-1")
        world.advance(20)
        heal(world, "here-1", "client")
        assert came(world) == ["1", "2", "3", "0"]


@pytest.mark.slow
def test_a_dedup_writes_the_copy_that_another_host_got_in_another_order() -> None:
    with unordered(posted(["here-1", "here-2"], more=DEDUP)) as world:
        zero, one = (Event(b"%d" % number, {"id": str(number)}) for number in (0, 1))
        cut(world, "here-1", "there-1")
        world.send("a", "in", [zero], "here-1")
        world.advance(1)
        world.send("a", "in", [one], "here-1")
        world.send("a", "in", [one], "here-2")
        world.advance(1)
        world.send("a", "in", [zero], "here-2")
        world.advance(5)
        heal(world, "here-1", "there-1")
        assert came(world) == ["1", "0"], "here-1 stored 0 first"


KEYED = 'regex_extract(r"(\\w)$", into = [header.key]) -> '


@pytest.mark.slow
@pytest.mark.parametrize("host", ["here-1", "relay-1", "there-1"])
@pytest.mark.parametrize(
    "text",
    [relayed(), relayed("hash(header.key)", step=KEYED, relays=DROPS, holds="memory")],
    ids=["copies", "hash"],
)
def test_what_is_claimed_is_kept_at_whichever_step_an_agent_dies(text: str, host: str) -> None:
    """One of the two ways is slow: what was under way on it comes after its agent is back."""
    plan, order = planned(text)
    assert order.keys is not None
    for step in range(0, 60, 4):
        with World(plan) as world:
            world.outage("c", "out", 2)
            for at in range(6):
                lines(world, *range(10 + 4 * at, 14 + 4 * at))
                if at == 1:
                    world.machines[host].doom = step
                    cut(world, "relay-1", "there-1")
                world.advance(0.5)
            world.advance(5)
            heal(world, "relay-1", "there-1")
            world.machines[host].doom = None
            found = came(world)
        assert len(found) > 3
        ways = {name[-1] for name in found} if order.keys else {""}
        each = [[name for name in found if name.endswith(way)] for way in ways]
        assert each == [sorted(names) for names in each], f"step {step}"
