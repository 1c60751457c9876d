"""What waits before a host that is too slow does not come to what is behind it: it counts once."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.backlog import Backlog
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.scenes import faults_of, scenes
from flumec.runtime.quantity import Duration

FLEET = """
hosts web = ["w1"]

hosts core = ["c1", "c2"] {
  nic = 100MB/s
}

agent a on web {
  source main : taildir {
    files = ["/var/log/main.log"]
  }

  channel spool : file {
    size = 40GiB
  }

  main -> spool
}

agent b on core {
  channel inbox : file {
    size = 100GiB
  }

  sink out : null

  inbox -> out
}

a.spool => b.inbox {
  port = 4141
  policy = balance
  tls = mutual
}

check "an outage with one host" {
  from = a.main
  to = b.out
  rate = 150MB/s
  survives = [kill(b, count = 1), outage(b.out, LENGTH)]
}
"""
RELAY = """
hosts mid = ["m1", "m2"]

agent relay on mid {
  channel inbox : file {
    size = 20GiB
  }
}

a.spool => relay.inbox {
  port = 4142
  policy = balance
  tls = mutual
}
"""


def found(length: str, *changes: tuple[str, str]) -> list[tuple[str, ...]]:
    text = FLEET
    for old, new in (("LENGTH", length), *changes):
        assert old in text
        text = text.replace(old, new)
    return [one.notes for one in lint_text(text).diagnostics if one.code == "FL601"]


@pytest.mark.parametrize(("length", "holds"), [("14m", True), ("15m", False)])
def test_what_waits_before_a_strait_does_not_come_behind_it(length: str, holds: bool) -> None:
    """100MB/s pass, and c1 has room for 17m53s of them; 50MB/s fill the spool in 14m18s."""
    assert (found(length) == []) == holds


def test_a_channel_behind_a_strait_fills_by_what_passes() -> None:
    """10GiB at 100MB/s in 107s, while 50MB/s wait: 5.4GB of the spool; then all 150MB/s do."""
    ((inbox, spool, *_),) = found("1h", ("size = 100GiB", "size = 10GiB"))

    assert inbox == "b.inbox: 10GiB at 100MB/s = 1m47s"
    assert spool.startswith("a.spool: 40GiB, less 5.4GB that waits there by then, at 150MB/s")


def test_what_waits_in_channels_that_are_filled_together_is_there_when_they_are() -> None:
    behind = ("a.spool => b.inbox", f"{RELAY}\nrelay.inbox => b.inbox")
    ((_, relay, *_),) = found("1h", ("size = 100GiB", "size = 10GiB"), behind)

    assert relay == (
        "relay.inbox: 2 × 20GiB, less 5.4GB that waits there by then, at 150MB/s = 4m10s"
    )


def test_two_straits_in_a_row_hold_back_what_one_does() -> None:
    """75MB/s are all that comes to the second one, which lets 75MB/s of 150MB/s pass."""
    relay = RELAY.replace('["m1", "m2"]', '["m1", "m2"] {\n  nic = 75MB/s\n}')
    changes = (
        ("a.spool => b.inbox", f"{relay}\nrelay.inbox => b.inbox"),
        ("nic = 100MB/s", "nic = 80MB/s"),
        ("kill(b, count = 1), outage(b.out, 12m)", "kill(relay), kill(b, down = 12m)"),
    )

    ((spool, *_),) = found("12m", *changes, ("rate = 150MB/s", "rate = 145MB/s"))
    assert spool.startswith("a.spool: 40GiB at 70MB/s = 10m13s (m2 has to receive 145MB/s")


AFTER = """
hosts web = ["w1"]

agent a on web {
  source main : http {
    port = 8080
    tls = server
  }

  channel spool : file {
    size = 1GiB
  }

  sink near : hdfs {
    path = "hdfs://nn1.example.com/x"
    takes = 10MB/s
  }

  sink far : hdfs {
    path = "hdfs://nn2.example.com/x"
    takes = 6MB/s
  }

  main -> spool
  spool -> failover(near, far)
}

check "the first store is out for longer" {
  from = a.main
  to = a.near
  rate = 10MB/s
  survives = [outage(a.near, 4m), outage(a.far, 1m)]
}
"""


def test_what_waits_when_a_shorter_fault_is_over_is_there_in_the_longer_one() -> None:
    """600MB by then, and of the 473MB that are left 4MB/s take 118s: 2m58s; alone it is 4m28s."""
    (one,) = (one for one in lint_text(AFTER).diagnostics if one.code == "FL601")

    assert "room for 2m58s, not 4m" in one.label
    assert one.notes[0].startswith("a.spool: 1GiB, less 600MB that waits there by then, at 4MB/s")
    assert one.notes[1] == "alone it is waited out; it comes together with `outage(a.far, 1m)`"


def test_a_shorter_fault_that_leaves_room_is_waited_out() -> None:
    """600MB, and 4MB/s of 118s that are left, or 1m57s of a longer outage."""
    changed = AFTER.replace("near, 4m", "near, 2m50s")

    assert [one for one in lint_text(changed).diagnostics if one.code == "FL601"] == []


def waiting(text: str, ends: tuple[str, str], node: tuple[str, str]) -> float:
    fleet = lint_text(text).fleet
    (proof,) = fleet.proofs
    capacity, faults = Capacity(fleet, Graph(fleet)), faults_of(proof)
    backlog = Backlog(capacity, 60.0)
    for scene in scenes(capacity.machines, faults, Duration("60s")):
        backlog.add(capacity.filling(frozenset({ends}), scene))
    lanes = sum(lane.amount for lane in backlog.lanes.values() if lane.sender == node)
    return lanes + sum(backlog.held[node].values())


@pytest.mark.parametrize("policy", ["balance", "failover"])
def test_what_waits_before_a_strait_counts_before_what_is_behind_it_is_full(policy: str) -> None:
    """50MB/s of 150MB/s for a minute."""
    text = FLEET.replace("policy = balance", f"policy = {policy}").replace("LENGTH", "60s")
    text = text.replace("size = 100GiB", "size = 10GiB")

    assert waiting(text, ("b", "out"), ("a", "spool")) == pytest.approx(60 * 50e6)


@pytest.mark.parametrize(("policy", "waits"), [("all", 90e6), ("hash(header.key)", 0.0)])
def test_so_it_does_for_each_that_gets_its_own(policy: str, waits: float) -> None:
    """A relay that is left sends 150MB/s to each of two, or half of it; its nic passes 210MB/s."""
    relay = RELAY.replace('["m1", "m2"]', '["m1", "m2"] {\n  nic = 210MB/s\n}')
    link = f"{relay}\nrelay.inbox => b.inbox {{\n  port = 4141\n  policy = {policy}"
    text = FLEET.replace("a.spool => b.inbox {\n  port = 4141\n  policy = balance", link)
    text = text.replace("nic = 100MB/s", "nic = 1GB/s").replace("LENGTH", "60s")
    text = text.replace("kill(b, count = 1)", "kill(relay, count = 1)")

    assert waiting(text, ("b", "out"), ("relay", "inbox")) == pytest.approx(60 * waits)
