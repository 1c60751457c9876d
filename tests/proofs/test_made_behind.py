"""A key that is made behind a link that chooses: copies have one if all receivers make it alike."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]
hosts one_hosts = ["r1", "r2"]
hosts two_hosts = ["r3"]
hosts store_hosts = ["st1"]

agent edge on edge_hosts {
  source posts : http {
    port = 4100
  }
  channel c0 : file

  posts -> timestamp(header = header.at) -> c0
}

agent one on one_hosts {
  source feed : link
  channel inbox : file

  feed -> ONE -> inbox
}

agent two on two_hosts {
  source feed : link
  channel inbox : file

  feed -> TWO -> inbox
}

agent store on store_hosts {
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

edge.c0 => one.feed, two.feed {
  port = 4200
  policy = POLICY
}

one.inbox => store.inbox {
  port = 4201
}

two.inbox => store.inbox {
  port = 4202
}
"""

BODY = "fingerprint(header.id, of = [body])"
MORE = "fingerprint(header.id, of = [header.user, body])"
HOST = "host() -> fingerprint(header.id, of = [header.host, body])"


@pytest.mark.parametrize(
    ("steps", "policy", "known"),
    [
        ((BODY, BODY), "balance", True),
        ((BODY, MORE), "balance", False),
        ((BODY, MORE), "failover", False),
        ((BODY, MORE), "all", True),
        ((BODY, MORE), "hash(header.user)", True),
        ((BODY, MORE), "hash(header.at)", False),
        ((HOST, HOST), "balance", False),
        ((HOST, HOST), "hash(header.user)", True),
        ((HOST, HOST), "hash(header.at)", False),
    ],
)
def test_whether_each_copy_of_what_a_client_repeats_has_one_key(
    steps: tuple[str, str], policy: str, known: bool
) -> None:
    text = FLEET.replace("POLICY", policy).replace("ONE", steps[0]).replace("TWO", steps[1])
    result = lint_text(text)
    assert result.fleet is not None
    assert not [each for each in result.diagnostics if each.severity == "error"]

    (claim,) = claims(Graph(result.fleet))

    assert (Failure.CLIENT_RETRIED in claim.through) is known
