"""What waits before a host that is too slow does not come to what is behind it: it counts once."""

import pytest
from flumec.compiler.build import lint_text

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
