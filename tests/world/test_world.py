"""A fleet in one process: the generated agents' own code, with time, disks and wires of ours."""

from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.plan import Plan
from flumec.compiler.world import Unable, World
from flumec.compiler.world.events import Event
from flumec.compiler.world.posted import CLIENT

HOUR = 3600.0

GATEWAY = """
    hosts edge = ["edge-1"]

    agent gateway on edge {
      source events : http {
        port = 8080
        SETTINGS
      }

      source logs : taildir {
        files = ["/var/log/app/*.log"]
        path_header = header.path
      }

      channel audit : file

      channel clicks : memory

      sink store : file_roll {
        directory = "/srv/audit"
      }

      sink shown : logger

      events -> regex_extract(r"user=(\\w+)", into = [header.user]) -> route header.kind {
        "audit" -> audit
        "click" -> clicks
        else -> drop
      }

      logs -> audit
      audit -> store
      clicks -> shown
    }
"""

TIERS = """
    hosts web = ["web-1", "web-2"]
    hosts core = ["core-1", "core-2"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      access -> host() -> spool
    }

    agent collector on core {
      channel inbox : file

      sink store : hdfs {
        path = "hdfs://nn/web/%Y"

        roll {
          every = 30s
        }
      }

      inbox -> store
    }

    tailer.spool => collector.inbox {
      port = 4141
      policy = failover
      in_doubt = wait
    }
"""


def planned(text: str) -> Plan:
    """Return the plan of a fleet."""
    compiled = compile_text(dedent(text))
    assert compiled.plan is not None, [finding.message for finding in compiled.diagnostics]
    return compiled.plan


def gateway(settings: str = "") -> Plan:
    return planned(GATEWAY.replace("SETTINGS", settings))


def test_events_go_where_the_file_sends_them() -> None:
    with World(gateway()) as world:
        audit = Event(b"user=ann login", {"kind": "audit"})
        world.send("gateway", "events", [audit, Event(b"", {"kind": "ping"})])
        world.send("gateway", "events", [Event(b"home", {"kind": "click"})])
        world.send("gateway", "logs", [Event(b"one"), Event(b"two")])
        assert world.rest(HOUR)
        stored = world.delivered("gateway", "store")
        clicks = world.delivered("gateway", "shown")
        dropped = world.counted("gateway", "events", "events_dropped")
    path = {"path": "/var/log/app/test.log"}
    user = Event(b"user=ann login", {"kind": "audit", "user": "ann"})
    assert sorted(stored, key=lambda e: e.body) == [
        Event(b"one", path), Event(b"two", path), user
    ]  # fmt: skip
    assert clicks == [Event(b"home", {"kind": "click"})]
    assert dropped == 1


def test_what_is_not_published_is_not_seen() -> None:
    with World(gateway()) as world:
        world.send("gateway", "logs", [Event(b"one")])
        world.advance(200)
        assert not world.delivered("gateway", "store"), "its file is rolled after five minutes"
        world.advance(200)
        assert len(world.delivered("gateway", "store")) == 1


def test_time_takes_no_time_and_goes_to_the_second() -> None:
    with World(gateway()) as world:
        world.advance(HOUR)
        assert world.clock.monotonic() == HOUR


@pytest.mark.parametrize("name", ["", 'request_id = "Idempotency-Key"'], ids=["plain", "named"])
def test_a_client_whose_answer_is_lost_asks_again(name: str) -> None:
    with World(gateway(name)) as world:
        world.advance(1)
        world.network.cut("edge-1", "client")
        world.send("gateway", "events", [Event(b"x", {"kind": "audit"})])
        world.advance(2)
        world.network.reset("edge-1", "client")
        world.network.heal("edge-1", "client")
        assert world.rest(HOUR)
        stored = world.delivered("gateway", "store")
    assert len(stored) == (1 if name else 2)


def test_what_an_earlier_start_was_about_to_publish_elsewhere_is_found_there() -> None:
    with World(planned(TIERS)) as world:
        world.send("tailer", "access", [Event(b"a line")], "web-1")
        world.advance(25)
        machine = world.machines["core-1"]
        machine.doom = 9  # between the intent and the rename
        assert world.rest(HOUR), world.failing
        assert machine.doom is None
        assert [event.body for event in world.delivered("collector", "store")] == [b"a line"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_cut_and_powered_off_yet_each_line_is_there_once(seed: int) -> None:
    sent = []
    with World(planned(TIERS), seed) as world:
        for number in range(12):
            for host in ("web-1", "web-2"):
                line = f"{number} of {host}".encode()
                sent.append(line)
                world.send("tailer", "access", [Event(line)], host)
            if number == 3:
                world.kill("collector", "core-1")
            if number == 5:
                world.machines["web-1"].doom = 4
            if number == 6:
                world.cut("tailer", "spool")
            if number == 8:
                world.cut_power("core-2")
                world.heal("tailer", "spool")
            if number == 9:
                world.outage("collector", "store", 600)
            world.advance(1)
        assert world.rest(2 * HOUR), (list(world.held()), world.failing)
        assert world.clock.monotonic() > 600
        got = Counter(event.body for event in world.delivered("collector", "store"))
    assert got == Counter(sent)


def test_a_memory_channel_loses_what_it_holds_when_its_agent_is_killed() -> None:
    with World(gateway()) as world:
        world.send("gateway", "events", [Event(b"x", {"kind": "click"})])
        world.rest(HOUR)
        assert len(world.delivered("gateway", "shown")) == 1
        world.machine("gateway").processes["gateway"].staff.workers[1].pause(None)
        world.send("gateway", "events", [Event(b"y", {"kind": "click"})])
        world.advance(10)
        world.kill("gateway")
        world.rest(HOUR)
        assert len(world.delivered("gateway", "shown")) == 1


def test_each_step_is_counted_and_something_can_happen_right_before_any_of_them() -> None:
    def life(step: int) -> tuple[list[int], int]:
        with World(gateway()) as world:
            answers, reached = ("edge-1", CLIENT), list[int]()
            world.steps.at(answers, step, lambda: reached.append(world.steps.counts[answers]))
            for number in range(3):
                world.send("gateway", "events", [Event(b"%d" % number)])
            assert world.rest(HOUR)
            return reached, world.steps.counts[answers]

    assert [life(step) for step in range(4)] == [([0], 3), ([1], 3), ([2], 3), ([], 3)]


def test_the_same_seed_is_the_same_course() -> None:
    def course(seed: int) -> object:
        with World(planned(TIERS), seed) as world:
            for number in range(5):
                world.send("tailer", "access", [Event(b"%d" % number)])
                world.advance(1)
                if number == 3:
                    world.kill("collector")
            world.rest(HOUR)
            return world.scheduler.turns, world.said, world.delivered("collector", "store")

    assert course(1) == course(1)


def test_what_cannot_be_simulated_is_refused_with_the_reason() -> None:
    with World(gateway()) as world:
        with pytest.raises(Unable, match="no headers"):
            world.send("gateway", "logs", [Event(b"", {"a": "b"})])
        with pytest.raises(Unable, match="does not run on elsewhere"):
            world.kill("gateway", "elsewhere")
        with pytest.raises(Unable, match="no link begins"):
            world.cut("gateway", "audit")
        with pytest.raises(Unable, match="no target"):
            world.outage("gateway", "shown", 1)


def test_nothing_is_left_of_a_world() -> None:
    import threading

    before = threading.Condition.wait, threading.Thread.start
    with World(gateway()) as world:
        root = world.machine("gateway").files.root
        assert Path(root).is_dir()
    assert (threading.Condition.wait, threading.Thread.start) == before
    assert not Path(root).exists()


def test_an_idle_agent_ends_in_order_as_soon_as_a_real_one() -> None:
    with World(planned(TIERS)) as world:
        world.send("tailer", "access", [Event(b"a")])
        assert world.rest(HOUR)
        for agent in ("tailer", "collector"):
            process = world.machine(agent).processes[agent]
            process.stop()
            ended = lambda p=process, a=agent: world.machine(a).processes.get(a) is not p  # noqa: E731
            assert world.until(ended, 5.0), agent
            assert not process.reason
        assert not [each for each in world.said if "stop" in each[2] and "goodbye" not in each[2]]
