"""Where work is shared, those that still take it take what others have no room for."""

from flumec.compiler.build import lint_text

FLEET = """
hosts web = ["w1"]

hosts east = ["e1"]

hosts west = ["x1"]

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

agent near on east {
  channel inbox : file {
    size = 1GiB
  }

  sink out : hdfs {
    path = "hdfs://nn1.example.com/logs/%Y"
  }

  inbox -> out
}

agent far on west {
  channel inbox : file {
    size = 1GiB
  }

  sink out : hdfs {
    path = "hdfs://nn2.example.com/logs/%Y"
  }

  inbox -> out
}

a.spool => near.inbox, far.inbox {
  port = 4141
  policy = balance
  tls = mutual
}

check "one of two stores may be out" {
  from = a.main
  to = near.out
  rate = 1MB/s
  survives = [outage(near.out, 4h)]
}
"""


def found(*changes: tuple[str, str]) -> list[tuple[str, ...]]:
    text = FLEET
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return [one.notes for one in lint_text(text).diagnostics if one.code == "FL601"]


def test_one_that_takes_all_is_enough() -> None:
    assert found() == []


def test_two_are_no_longer_enough_once_both_are_out() -> None:
    both = ("[outage(near.out, 4h)]", "[outage(near.out, 4h), outage(far.out, 4h)]")

    assert len(found(both)) == 2


def test_what_is_on_the_way_to_one_that_is_full_stays_in_the_channel() -> None:
    """Sixteen megabytes may be, and as much is all that the channel has room for."""
    (notes,) = found(
        ('main.log"]\n    keeps = 1h\n  }\n\n  channel spool : file {\n    size = 1GiB',
         'main.log"]\n    keeps = 1h\n  }\n\n  channel spool : file {\n    size = 16MiB'),
    )  # fmt: skip

    assert notes[1].startswith("a.spool: 16MiB at 1MB/s")
