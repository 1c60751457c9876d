"""Where a copy comes to every host, further ones are known there: they come to no host alone."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]
hosts relay_hosts = ["r1", "r2"]

agent edge on edge_hosts {
  source made : seq {
    total = 30
  }
  channel c0 : file
  channel c1 : file

  made -> fingerprint(header.id, of = [body]) -> regex_extract(r"([0-9])$", into = [header.digit]) -> route header.digit {
    "0", "1" -> c0
    else -> c1, c0
  }
}

agent relay on relay_hosts {
  channel inbox : file
  channel late : file
  sink out : file_roll {
    directory = "/srv/out"
    format = json

    dedup {
      key = header.id
      late = late
    }
  }

  inbox -> out
}

edge.c0 => relay.inbox {
  port = 4101
  policy = failover
  in_doubt = wait
}

edge.c1 => relay.inbox {
  port = 4102
  policy = POLICY
}
"""  # noqa: E501


@pytest.mark.parametrize(
    ("policy", "twice"), [("all", False), ("failover\n  in_doubt = wait", True)]
)
def test_a_dedup_on_each_host_knows_them(policy: str, twice: bool) -> None:
    found = lint_text(FLEET.replace("POLICY", policy))
    assert found.fleet is not None
    (claim,) = claims(Graph(found.fleet))

    assert twice is bool(claim.effects(Failure.ALWAYS))
    assert claim.delivery == ("at_least_once" if twice else "exactly_once")
