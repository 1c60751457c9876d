"""An outage loses what a put leaves out: of those sources whose put may, and of no other."""

import pytest
from flumec.compiler.build import lint_text

FLEET = """
hosts web = ["w1"]

hosts desk = ["w2"]

hosts core = ["c1"]

agent a on web {
  source main : taildir {
    files = ["/var/log/main.log"]
    keeps = 2d
  }

  channel spool : file {
    size = 1GiB
  }

  main -> spool
}

agent d on desk {
  source main : taildir {
    files = ["/var/log/debug.log"]
    keeps = 2d
  }

  channel spool : file {
    size = 1GiB
  }

  main -> spool
}

agent b on core {
  source feed : link

  source debug : link

  channel inbox : file {
    size = 1GiB
  }

  channel other : file

  sink store : hdfs {
    path = "hdfs://nn.example.com/logs/%Y"
  }

  sink rest : hdfs {
    path = "hdfs://nn.example.com/rest/%Y"
  }

  feed -> inbox
  debug -> other, inbox?
  inbox -> store
  other -> rest
}

a.spool => b.feed {
  port = 4141
  tls = mutual
}

d.spool => b.debug {
  port = 4142
  tls = mutual
}

check "an outage is waited out" {
  from = SOURCE
  to = b.store
  rate = 1MB/s
  survives = [outage(b.store, 4h)]
}
"""


@pytest.mark.parametrize(
    ("source", "lost"), [("a.main", []), ("d.main", ["it is left out"])], ids=["waits", "left out"]
)
def test_what_is_lost_is_what_the_source_itself_may_leave_out(source: str, lost: list[str]) -> None:
    linted = lint_text(FLEET.replace("SOURCE", source))

    notes = [one.notes[-1] for one in linted.diagnostics if one.code == "FL601"]
    assert [note.rpartition("; then ")[2] for note in notes] == lost
