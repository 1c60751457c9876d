"""What a link keeps within a site does not leave it by the next one: no way leads elsewhere."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts web = ["web-1"] {
  site = "north"
}

hosts relays = ["relay-1"] {
  site = "north"
}

hosts others = ["relay-2"] {
  site = "south"
}

hosts near = ["near-1"] {
  site = "north"
}

hosts far = ["far-1"] {
  site = "south"
}

agent a on web {
  source in : seq
  channel spool : file

  in -> spool
}

agent relay on union(relays, others) {
  channel inbox : file
}

agent b on near {
  channel inbox : file
  sink out : null

  inbox -> out
}

agent c on far {
  channel inbox : file
  sink out : null

  inbox -> out
}

a.spool => relay.inbox {
  port = 4000
  policy = failover
  FIRST
}

relay.inbox => b.inbox, c.inbox {
  port = 4001
  policy = failover
  SECOND
}
"""
WITHIN = "within = host.site"


@pytest.mark.parametrize(
    ("first", "second", "sinks"),
    [(WITHIN, WITHIN, "b"), ("", WITHIN, "bc"), (WITHIN, "", "bc"), ("", "", "bc")],
)
def test_events_come_to_the_agents_of_the_sites_that_they_may_be_at(
    first: str, second: str, sinks: str
) -> None:
    found = lint_text(FLEET.replace("FIRST", first).replace("SECOND", second))

    assert [claim.sink[0] for claim in claims(Graph(found.fleet))] == list(sinks)
