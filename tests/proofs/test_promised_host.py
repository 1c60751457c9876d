"""Clients that name their requests come back to the host they were at: its keys know the copies."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1", "e2"]

agent edge on edge_hosts {
  journal second
  source posts : http {
    port = 4100
NAMED  }
  channel c0 : file
  channel c1 : file {
    journal = second
  }
  channel late : file
  sink plain : file_roll {
    directory = "/srv/plain"
  }
  sink out : file_roll {
    directory = "/srv/out"
    format = json

    dedup {
      key = header.id
      window = 10m
      late = late
    }
  }

  posts -> fingerprint(header.id, of = [body]) -> c0, c1
  c0 -> plain
  c1 -> out
}
"""


@pytest.mark.parametrize("named", [True, False])
def test_that_is_assumed_where_it_matters(named: bool) -> None:
    found = lint_text(FLEET.replace("NAMED", '    request_id = "Request-Id"\n' * named))
    assert found.fleet is not None
    (claim,) = (each for each in claims(Graph(found.fleet)) if each.sink == ("edge", "out"))

    assert claim.delivery == ("exactly_once" if named else "at_least_once")
    assert named is any("to the same host" in each for each in claim.assuming)
