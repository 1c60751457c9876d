"""Copies that part at a source have one tag where one frame of the journal holds both."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]
hosts relay_hosts = ["r1", "r2"]
hosts store_hosts = ["st1"]

agent edge on edge_hosts {
  journal second {
    compression = lz4
  }
  source posts : http {
    port = 4100
  }
  channel c0 : file
  channel c1 : file JOURNAL

  CHAINS
}

agent relay on relay_hosts {
  source feed : link
  channel inbox : file

  feed -> inbox
}

agent store on store_hosts {
  channel inbox : file
  channel late : file

  sink out : file_roll {
    directory = "/srv/out"
    format = json

    dedup {
      key = tag
      late = late
    }
  }

  inbox -> out
}

edge.c1 => store.inbox {
  port = 4201
}

edge.c0 => relay.feed {
  port = 4202
  policy = POLICY
}

relay.inbox => store.inbox {
  port = 4203
}
"""


@pytest.mark.parametrize(
    ("chains", "policy", "beside", "known"),
    [
        ("posts -> c0, c1", "failover", False, True),
        ("posts -> c0, c1?", "failover", False, True),
        ("posts -> c0, c1", "hash(header.host)", False, False),
        ("posts -> c0, c1", "failover", True, False),
        ("posts -> c0\n  posts -> c1", "failover", False, False),
    ],
)
def test_whether_a_tag_knows_both_copies(
    chains: str, policy: str, beside: bool, known: bool
) -> None:
    text = FLEET.replace("CHAINS", chains).replace("POLICY", policy)
    result = lint_text(text.replace("JOURNAL", "{\n    journal = second\n  }" if beside else ""))
    assert result.fleet is not None
    assert not [each for each in result.diagnostics if each.severity == "error"]

    (claim,) = claims(Graph(result.fleet))

    reasons = [effect.reason for effect in claim.effects(Failure.ALWAYS)]
    assert ("copies of one event meet in `inbox`" in reasons) is not known
    codes = [each.code for each in result.diagnostics]
    assert ("FL343" in codes) == policy.startswith("hash")  # the others may resend to another peer
