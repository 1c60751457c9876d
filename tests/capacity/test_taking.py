"""How long stores take to catch up, each calculation done by hand."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.proofs.outlook import outlooks

HOUR = 3600.0

FLEET = """
hosts web = "web-{01..10}" {
  nic = 1GB/s
}

hosts core = ["core-1", "core-2"] {
  nic = 1GB/s
  disk_rate = 1GB/s
}

agent feed on web {
  source access : taildir {
    files = ["/var/log/access.log"]
    keeps = 7d
  }

  channel spool : file

  access -> spool
}

agent hub on core {
  channel inbox : file {
    size = 40GiB
  }

  SINKS
}

feed.spool => hub.inbox {
  port = 4141
  policy = balance
  tls = mutual
}

check "one hour" {
  from = feed.access
  to = hub.store
  rate = 1MB/s
  survives = [SURVIVES]
}
"""

SHARED = """sink store : hdfs {
    path = "hdfs://nn.example.com/logs/%Y"
    takes = 20MB/s
  }

  inbox -> store"""
OWN = """sink store : file_roll {
    directory = "/srv/logs"
    takes = 20MB/s
  }

  inbox -> store"""
BALANCED = """sink store : hdfs {
    path = "hdfs://one.example.com/logs/%Y"
    takes = 12MB/s
  }

  sink other : hdfs {
    path = "hdfs://two.example.com/logs/%Y"
    takes = 18MB/s
  }

  inbox -> balance(store, other)"""
SPARE = """sink store : hdfs {
    path = "hdfs://one.example.com/logs/%Y"
    takes = 20MB/s
  }

  sink other : file_roll {
    directory = "/srv/logs"
    takes = 6MB/s
  }

  inbox -> failover(store, other)"""


@pytest.mark.parametrize(
    ("sinks", "survives", "seconds"),
    [
        # 10 hosts send 10MB/s for an hour, 36GB; 20MB/s less the 10MB/s that go on coming are left.
        pytest.param(SHARED, "outage(hub.store, 1h)", HOUR, id="one store for both hosts"),
        # Each host has 18GB in its own folder, and 15MB/s to spare.
        pytest.param(OWN, "outage(hub.store, 1h)", HOUR / 3, id="a folder on each host"),
        # One host of two gets all that comes in its hour alone, and has less to spare.
        pytest.param(OWN, "lose(hub), outage(hub.store, 1h)", HOUR, id="one folder is left"),
        # One of the tailers has 3.6GB to read when it is back, all of them 36GB.
        pytest.param(SHARED, "kill(feed, down = 1h)", HOUR / 10, id="files of a killed agent"),
        pytest.param(SHARED, "kill(feed, count = 10, down = 1h)", HOUR, id="files of all of them"),
        # 30MB/s together, less 10MB/s.
        pytest.param(
            BALANCED, "outage(hub.store, 1h), outage(hub.other, 1h)", HOUR / 2, id="both of balance"
        ),
        # All of it goes to the first as soon as it is back; the other takes nothing then.
        pytest.param(
            SPARE, "outage(hub.store, 1h), outage(hub.other, 1h)", HOUR, id="first of failover"
        ),
    ],
)
def test_a_store_is_as_fast_as_its_sink_says(sinks: str, survives: str, seconds: float) -> None:
    linted = lint_text(FLEET.replace("SINKS", sinks).replace("SURVIVES", survives))
    first, *_ = outlooks(linted.fleet, linted.graph, linted.fleet.proofs)

    wrong = {one.code for one in linted.diagnostics if one.severity == "error"}
    assert wrong <= {"FL611"}, "but for what lies on a host that is lost"
    assert first.narrow is not None
    assert first.narrow.time == pytest.approx(seconds, rel=1e-6)


def test_without_power_nothing_is_written_that_would_wait() -> None:
    flow = FLEET.replace("  nic = 1GB/s\n}", '  nic = 1GB/s\n  site = "north"\n}', 1)
    dark = flow.replace("SINKS", SHARED).replace("SURVIVES", 'power("north", down = 1h)')
    linted = lint_text(dark)
    (found,) = outlooks(linted.fleet, linted.graph, linted.fleet.proofs)

    assert linted.diagnostics == ()
    assert (found.narrow, found.untold, found.unread) == (None, None, False)


def test_a_folder_is_no_faster_than_its_disk() -> None:
    """Each host has 18GB on its disk, of which it writes 5MB/s into the journal, and 10MB/s of what
    comes anew: 25MB/s are left.
    """
    flow = FLEET.replace("SINKS", OWN.replace("    takes = 20MB/s\n", ""))
    slow = flow.replace("disk_rate = 1GB/s", "disk_rate = 35MB/s")
    linted = lint_text(slow.replace("SURVIVES", "outage(hub.store, 1h)"))
    (found,) = outlooks(linted.fleet, linted.graph, linted.fleet.proofs)

    assert found.narrow is not None
    assert found.narrow.text == (
        "core-1 has to write 18GB that waited, and 10MB/s that come, at 35MB/s"
    )
    assert found.narrow.time == pytest.approx(18e9 / 25e6)
