"""A link that waits for a lost host for good holds back all others in the end, which is said."""

from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.build import compile_text, lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.inputs import in_memory
from flumec.compiler.options import Options
from flumec.compiler.passes.standstill import WaitsForLostHost, check_standstill
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

FLEET = """
hosts web = ["web-1"]

hosts core = ["core-1", "core-2"]

agent tailer on web {
  source access : taildir {
    files = ["/var/log/access.log"]
    keeps = 30d
  }

  channel spool : file {
    size = 1MiB
  }

  access -> spool
}

agent collector on core {
  channel inbox : file

  sink store : file_roll {
    directory = "/srv/logs"

    roll {
      every = 1s
    }
  }

  inbox -> store
}

tailer.spool => collector.inbox {
  port = 4141
  policy = all
  tls = mutual
}

check "a collector may burn" {
  from = tailer.access
  to = collector.store
  rate = 10kB/s
  survives = [lose(collector)]
}
"""
RELAY = """
hosts middle = ["middle-1", "middle-2"]

agent relay on middle {
  channel inbox : file {
    size = 2MiB
  }
}

tailer.spool => relay.inbox {
  port = 4140
  policy = failover
  tls = mutual
}
"""
RELAYED = FLEET.replace("tailer.spool =>", "relay.inbox =>") + RELAY
LINE = b"x" * 19_999
WAITS = "then nothing more comes from `tailer.access`"


def found(text: str) -> list[WaitsForLostHost]:
    fleet, mistakes = bind([Path("a.flow")], Options(), in_memory({"a.flow": text}))
    assert not list(mistakes)
    return [
        each for each in check_standstill(fleet, Graph(fleet)) if isinstance(each, WaitsForLostHost)
    ]


def test_it_says_how_long_that_takes_and_what_to_write() -> None:
    (one,) = found(FLEET)

    assert one.label == f"`tailer.spool` is full after 1m44s; {WAITS}"
    assert one.notes == ("tailer.spool: 1MiB at 10kB/s = 1m44s; then taildir pauses",)
    assert "`lose(collector, replaced = 1m44s)`" in (one.hint or "")
    assert [place.text for place in one.places] == ["`core-1` never comes back"]


def test_a_relay_gives_more_time() -> None:
    (one,) = found(RELAYED)

    assert one.label == f"`tailer.spool` is full after 5m14s; {WAITS}"
    assert [note.partition(":")[0] for note in one.notes] == ["relay.inbox", "tailer.spool"]


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [
        ("  rate = 10kB/s\n", "", f"`tailer.spool` is full in the end; {WAITS}"),
        ("rate = 10kB/s", "rate = 10/s", f"`tailer.spool` is full in the end; {WAITS}"),
        ("policy = all", "policy = hash(header.x)", f"`tailer.spool` is full after 3m29s; {WAITS}"),
    ],
    ids=["no rate", "a rate of events", "hash"],
)
def test_it_is_told_as_far_as_it_can_be(old: str, new: str, label: str) -> None:
    (one,) = found(FLEET.replace(old, new))
    assert one.label == label


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[lose(collector)]", "[kill(collector)]"),
        ("[lose(collector)]", "[lose(collector, replaced = 1m)]"),
        ("[lose(collector)]", "[lose(collector), outage(collector.store, 1h)]"),
        ("[lose(collector)]", "[lose(tailer)]"),
        ("policy = all", "policy = failover"),
        ("policy = all", "policy = balance"),
        ("size = 1MiB", "size = 1MiB\n    when_full = drop_oldest"),
        ("access -> spool", "access -> spool?"),
    ],
)
def test_nothing_is_said_where_nobody_waits_for_good(old: str, new: str) -> None:
    assert found(FLEET.replace(old, new)) == []


@pytest.mark.parametrize(
    "other",
    ["kill(collector)", "outage(collector.store, 1m)", "lose(collector, replaced = 1m)",
     "cut(tailer.spool)"],
)  # fmt: skip
def test_no_fault_that_is_over_sooner_bounds_it(other: str) -> None:
    (one,) = found(FLEET.replace("[lose(collector)]", f"[lose(collector), {other}]"))
    assert "after 1m44s" in one.label


def test_one_link_is_told_of_once_where_that_is_soonest() -> None:
    check = FLEET[FLEET.index("check") :]
    faster = check.replace("10kB", "20kB").replace("a collector", "any collector")
    (one,) = found(FLEET + faster)
    assert "after 52s" in one.label


@pytest.mark.parametrize(
    ("replaced", "codes"), [("1m", []), ("2m", []), ("31d", ["FL601"])], ids=["1m", "2m", "31d"]
)
def test_replaced_is_held_against_the_room_of_channels(replaced: str, codes: list[str]) -> None:
    """Files are kept for thirty days, and what waits in them is not lost."""
    linted = lint_text(FLEET.replace("lose(collector)", f"lose(collector, replaced = {replaced})"))
    about = [one.code for one in linted.diagnostics if one.code.startswith("FL6")]
    assert about == codes


def test_what_is_kept_is_no_help_for_good() -> None:
    faults = "lose(collector), outage(collector.store, 1h)"
    linted = lint_text(FLEET.replace("lose(collector)", faults))

    (one,) = [one for one in linted.diagnostics if one.code == "FL601"]

    assert "it waits for a host that is gone for good" in one.notes


@pytest.mark.slow
def test_the_path_stands_still_once_the_channel_is_full() -> None:
    """In a life in which a host never comes back the other one gets what the channel holds."""
    (one,) = found(FLEET)
    plan = compile_text(FLEET).plan
    assert plan is not None
    lines = [Event(b"%06d" % number + LINE[6:]) for number in range(100)]
    with World(plan) as world:
        world.advance(10)
        world.cut_power("core-2", down=None)
        for first in range(0, len(lines), 5):
            world.send("tailer", "access", lines[first : first + 5])
            world.advance(1)
        world.advance(300)
        came = world.delivered("collector", "store", "core-1")
        world.machines["core-2"].boot()
        assert world.rest(3600)
        late = world.delivered("collector", "store", "core-1")
    room = sum(room.bytes for room in one.held.tiers[0].fill.rooms)
    assert 0.9 * room < len(came) * len(LINE) <= room
    assert sorted(each.body for each in late) == [line.body for line in lines]


def test_what_waits_until_then_may_be_late() -> None:
    dedup = "    dedup {\n      key = tag\n      window = 30m\n      late = drop\n    }\n\n    roll"
    text = FLEET.replace("    roll", dedup)
    linted = lint_text(text.replace("lose(collector)", "lose(collector, replaced = 1h)"))

    (one,) = [one for one in linted.diagnostics if one.code == "FL344"]

    assert "hosts that are replaced after 1h outlast the window of 30m" in one.message
