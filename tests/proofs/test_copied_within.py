"""A link that copies within a site makes no copy for the hosts that are elsewhere."""

import pytest
from flumec.compiler.build import lint_text

SITES = """hosts near = ["near-1"] {
  site = "north"
}

hosts far = ["far-1"] {
  site = "south"
}

hosts north = ["north-1"] {
  site = "north"
}

hosts south = ["south-1"] {
  site = "south"
}

agent a on union(near, far) {
  source in : http {
    port = 8080
    bind = "127.0.0.1"
  }

  channel spool : file

  in -> spool
}

agent b on north {
  channel inbox : memory
}

agent c on south {
  channel inbox : file
}

agent d on north {
  channel held : file

  sink store : hdfs {
    path = "hdfs://nn.example.com/logs/%Y"
  }

  held -> store
}

a.spool => b.inbox, c.inbox {
  port = 4141
  policy = all
  WITHIN
}

b.inbox => d.held {
  port = 4142
}

c.inbox => d.held {
  port = 4142
}

check "it survives" {
  from = a.in
  to = d.store
  survives = [FAULT]
}
"""


@pytest.mark.parametrize(
    ("fault", "within", "labels"),
    [
        ("kill(b)", "within = host.site", ["`b.inbox` loses events"]),
        ("kill(b)", "", []),
        ("kill(c)", "within = host.site", []),
        ("lose(c)", "within = host.site", ["with a host `c.inbox` loses events"]),
        ("lose(c)", "", []),
    ],
)
def test_each_sender_has_the_copies_of_its_own_site(
    fault: str, within: str, labels: list[str]
) -> None:
    text = SITES.replace("FAULT", fault).replace("  WITHIN\n", f"  {within}\n" * bool(within))
    found = [one for one in lint_text(text).diagnostics if one.severity == "error"]

    assert [one.label for one in found] == labels
