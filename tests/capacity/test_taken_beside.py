"""What is taken beside the way of a check stalls its source all the same, whichever fault it is."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.diagnostic import Diagnostic

FLEET = """
hosts web = ["w1"]

hosts core = ["c1"]

hosts audit = ["d1"] {
  site = "annex"
}

agent a on web {
  source main : taildir {
    files = ["/var/log/main.log"]
    keeps = 1h
  }

  channel spool : file {
    size = 100GiB
  }

  channel side : file {
    size = 64MiB
  }

  main -> spool, side
}

agent b on core {
  channel inbox : file

  sink out : hdfs {
    path = "hdfs://nn1.example.com/logs/%Y"
  }

  inbox -> out
}

agent c on audit {
  channel inbox : file

  sink out : hdfs {
    path = "hdfs://nn1.example.com/audit/%Y"
  }

  inbox -> out
}

a.spool => b.inbox {
  port = 4141
  tls = mutual
}

a.side => c.inbox {
  port = 4141
  tls = mutual
}

check "the audit host may be down" {
  from = a.main
  to = b.out
  rate = 1MB/s
  survives = [FAULTS]
}
"""
FULL = "a.side: 64MiB at 1MB/s = 1m07s; then taildir pauses"


def found(faults: str, code: str = "FL601") -> list[Diagnostic]:
    linted = lint_text(FLEET.replace("FAULTS", faults))
    return [each for each in linted.diagnostics if each.code == code]


@pytest.mark.parametrize(
    "faults",
    ["cut(a.side, 4h)", "kill(c, down = 4h)", 'power("annex", down = 4h)',
     "lose(c, replaced = 4h)", "kill(c), outage(b.out, 4h)", "cut(a.side), outage(b.out, 4h)"],
)  # fmt: skip
def test_whatever_takes_it_is_counted(faults: str) -> None:
    (one,) = found(faults)

    assert one.notes[0] == FULL


def test_it_is_blamed_where_it_lasts_longest() -> None:
    (one,) = found("kill(c, down = 4h), outage(b.out, 1h)")

    assert one.label == "room for 1m07s, not 4h"


def test_an_agent_that_nothing_comes_to_stalls_nobody() -> None:
    assert found("kill(a, down = 30m)") == []


def test_one_that_is_lost_for_good_is_waited_for_for_good() -> None:
    (one,) = found("lose(c)", "FL628")

    assert one.message.startswith("`a.side` waits for a lost host for good")
    assert one.notes == (FULL,)
    assert found("lose(c, replaced = 1m)", "FL628") == []


def test_an_optional_channel_holds_nobody_back() -> None:
    optional = FLEET.replace("spool, side", "spool, side?").replace("FAULTS", "lose(c)")

    assert "FL628" not in {each.code for each in lint_text(optional).diagnostics}
