"""Nothing is claimed of events that `within` keeps from an agent: none ever come to it."""

from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts web = ["web-1"] {
  site = "north"
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

a.spool => b.inbox, c.inbox {
  port = 4000
  policy = failover
  WITHIN
}
"""


def sinks(text: str) -> list[str]:
    return [claim.sink[0] for claim in claims(Graph(lint_text(text).fleet))]


def test_a_link_leads_to_the_agents_of_its_senders_sites() -> None:
    assert sinks(FLEET.replace("WITHIN", "within = host.site")) == ["b"]
    assert sinks(FLEET.replace("WITHIN", "")) == ["b", "c"]


CHECK = """
check "all of it comes" {
  from = a.in
  to = AGENT.out
  delivery = at_least_once
}
"""


def test_a_check_of_what_never_comes_is_told_so() -> None:
    text = FLEET.replace("WITHIN", "within = host.site") + CHECK
    codes = {
        agent: {str(each.code) for each in lint_text(text.replace("AGENT", agent)).diagnostics}
        for agent in ("b", "c")
    }
    assert "FL605" in codes["c"] - codes["b"]
