"""Time in which nothing happens: a patient world hardly takes turns then."""

from collections.abc import Callable
from functools import cache
from textwrap import dedent

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.plan import Plan
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

DAY = 86_400.0

FLEET = """
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      source posted : http {
        port = 8080
      }

      channel spool : file

      access -> spool
      posted -> spool
    }

    agent collector on core {
      channel inbox : file

      sink store : file_roll {
        directory = "/srv/logs"

        roll {
          every = 10s
        }
      }

      inbox -> store
    }

    tailer.spool => collector.inbox {
      port = 4141
    }
"""


@cache
def planned() -> Plan:
    compiled = compile_text(dedent(FLEET))
    assert compiled.plan is not None
    return compiled.plan


def patient() -> World:
    """Return a world as `flumec test` has it."""
    world = World(planned())
    world.scheduler.patient = True
    return world


def send(world: World, name: bytes) -> None:
    """Have an event come in both ways."""
    for source in ("access", "posted"):
        world.send("tailer", source, [Event(name)])


TROUBLES: dict[str, tuple[Callable[[World], object], Callable[[World], object]]] = {
    "none": (lambda _: None, lambda _: None),
    "outage": (lambda world: world.outage("collector", "store", DAY), lambda _: None),
    "cut": (
        lambda world: world.cut("tailer", "spool"),
        lambda world: world.heal("tailer", "spool"),
    ),
    "killed": (lambda world: world.kill("collector", down=DAY), lambda _: None),
    "unpowered": (lambda world: world.cut_power("core-1", down=DAY), lambda _: None),
}


@pytest.mark.parametrize(("begin", "end"), TROUBLES.values(), ids=TROUBLES)
def test_a_day_of_it_takes_few_turns_and_is_over_at_once(
    begin: Callable[[World], object], end: Callable[[World], object]
) -> None:
    with patient() as world:
        send(world, b"before")
        world.advance(20)
        assert len(world.delivered("collector", "store")) == 2
        begin(world)
        send(world, b"during")
        turns = world.scheduler.turns
        world.advance(DAY)
        assert world.scheduler.turns - turns < DAY / 60, "one a minute would be many"
        end(world)
        send(world, b"after")
        world.advance(30)
        assert len(world.delivered("collector", "store")) == 6


def test_who_posts_to_an_agent_that_is_away_for_a_day_is_answered_when_it_is_back() -> None:
    with patient() as world:
        world.kill("tailer", down=DAY)
        world.send("tailer", "posted", [Event(b"asked again and again")])
        turns = world.scheduler.turns
        world.advance(DAY - 1)
        assert world.scheduler.turns - turns < DAY / 60
        assert not world.requests[0].answered
        world.advance(5)
        assert world.requests[0].answered


def test_silence_is_found_out_after_a_calm_as_soon_as_at_any_time() -> None:
    with patient() as world:
        send(world, b"one")
        world.advance(DAY)
        assert not world.said
        world.cut("tailer", "spool")
        send(world, b"two")
        world.advance(9)
        assert not world.failing, "a time-out is 15 seconds, and a ping each third of it"
        world.advance(8)
        (failing,) = world.failing
        assert failing[:3] == ("tailer", "to_collector", "web-1")
