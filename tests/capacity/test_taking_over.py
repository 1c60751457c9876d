"""Those who take over may be too slow for all that comes to them then: the rest waits."""

import pytest
from flumec.compiler.build import lint_text

CORE = """
hosts web = "w{1..4}"

hosts core = ["c1", "c2"] {
  nic = 30MB/s
}

agent a on web {
  source main : taildir {
    files = ["/var/log/main.log"]
    keeps = 1h
  }

  channel spool : file {
    size = 1GiB
  }

  main -> spool
}

agent b on core {
  channel inbox : file {
    size = 1GiB
  }

  sink out : hdfs {
    path = "hdfs://nn1.example.com/logs/%Y"
  }

  inbox -> out
}

a.spool => b.inbox {
  port = 4141
  policy = balance
  tls = mutual
}

check "one may be down" {
  from = a.main
  to = b.out
  rate = 10MB/s
  survives = [kill(b, count = 1, down = 4h)]
}
"""
BACKUP = """
hosts web = ["w1"]

agent a on web {
  source main : taildir {
    files = ["/var/log/main.log"]
    keeps = 1h
  }

  channel spool : file {
    size = 1GiB
  }

  sink primary : hdfs {
    path = "hdfs://nn1.example.com/logs/%Y"
    takes = 100MB/s
  }

  sink backup : file_roll {
    directory = "/srv/x"
    takes = 1MB/s
  }

  main -> spool
  spool -> failover(primary, backup)
}

check "the first store may be out" {
  from = a.main
  to = a.primary
  rate = 10MB/s
  survives = [outage(a.primary, 4h)]
}
"""


def found(text: str, *changes: tuple[str, str], code: str = "FL601") -> list[tuple[str, ...]]:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return [one.notes for one in lint_text(text).diagnostics if one.code == code]


def test_a_host_that_takes_the_work_of_another_is_too_slow() -> None:
    """40MB/s come, and 30MB/s pass; of 10MB/s on each of four hosts 2.5MB/s wait: 1GiB in 429s.
    In the rest of 4h, which are 13970s, as much comes as 35GB.
    """
    ((line, condition),) = found(CORE)

    assert line == (
        "a.spool: 1GiB at 2.5MB/s = 7m09s (c2 has to receive 40MB/s, and its nic is 30MB/s); "
        "then taildir pauses"
    )
    assert condition.startswith("no loss if log rotation keeps 35GB of rotated logs per host")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nic = 30MB/s", "nic = 40MB/s"),
        ("down = 4h", "down = 7m"),
        ('["c1", "c2"]', '"c{1..3}"'),
        ("rate = 10MB/s", "rate = 7MB/s"),
    ],
)
def test_those_that_are_fast_enough_take_over(old: str, new: str) -> None:
    assert found(CORE, (old, new)) == []


def test_what_is_too_slow_at_all_times_is_told_by_its_own_rule() -> None:
    slow = ("nic = 30MB/s", "nic = 15MB/s")

    assert found(CORE, slow) == []
    assert len(found(CORE, slow, code="FL622")) == 2


def test_a_full_channel_behind_it_stalls_sooner_than_either() -> None:
    """1GiB of c2 at 40MB/s in 27s, of which 2.5MB/s wait at each: 67MB; then 10MB/s: 101s."""
    both = ("down = 4h)]", "down = 4h), outage(b.out, 4h)]")
    notes = found(CORE, both)

    assert notes[0][0].startswith("b.inbox: 1GiB")
    assert "that waits there by then, at 10MB/s" in notes[0][1]


def test_a_store_that_takes_what_another_one_would_is_too_slow() -> None:
    """Of 10MB/s 9MB/s wait: 1GiB in 119s."""
    ((line, _),) = found(BACKUP)

    assert line == (
        "a.spool: 1GiB at 9MB/s = 1m59s (a.backup has to take 10MB/s, and it takes 1MB/s); "
        "then taildir pauses"
    )
    assert found(BACKUP, ("takes = 1MB/s", "takes = 10MB/s")) == []


def test_those_of_a_group_that_are_left_take_it_together() -> None:
    """12MB/s of three that take 5MB/s each; two take 10MB/s of them, and 2MB/s wait."""
    third = (
        '\n  sink third : file_roll {\n    directory = "/srv/y"\n    takes = 5MB/s\n  }\n\n  main'
    )
    changes = (
        ("takes = 100MB/s", "takes = 5MB/s"),
        ("takes = 1MB/s", "takes = 5MB/s"),
        ("\n  main ->", f"{third} ->"),
        ("failover(primary, backup)", "balance(primary, backup, third)"),
        ("rate = 10MB/s", "rate = 12MB/s"),
    )
    ((line, _),) = found(BACKUP, *changes)

    assert line.startswith("a.spool: 1GiB at 2MB/s = 8m56s (a.backup has to take 6MB/s, and")
    assert found(BACKUP, *changes, ("12MB/s", "10MB/s")) == []
