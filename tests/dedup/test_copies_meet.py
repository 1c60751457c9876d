"""A link that chooses by a header of the key brings all copies of an event to one host."""

import pytest
from flumec.compiler.build import lint_text

FLOW = """\
hosts pair = ["feed-a", "feed-b"]

hosts vaults = ["vault-1", "vault-2"]

agent feed on pair {
  source trades : http {
    port = 5140
  }

  channel out : file

  trades -> out
}

agent book on vaults {
  channel inbox : file

  channel late : file

  sink ledger : file_roll {
    directory = "/srv/trades"

    dedup {
      key = KEY
      late = late
    }
  }

  inbox -> ledger
}

feed.out => book.inbox {
  port = 4242
  policy = POLICY
  tls = mutual
}
"""


@pytest.mark.parametrize(
    ("key", "policy", "apart"),
    [
        ("[header.account, header.id]", "hash(header.account)", False),
        ("header.id", "hash(header.id)", False),
        ("header.id", "hash(header.account)", True),
        ("tag", "hash(header.account)", True),
        ("header.id", "failover", True),
        ("header.id", "balance", True),
        ("header.id", "all", False),
    ],
)
def test_whether_copies_may_come_to_two_hosts(key: str, policy: str, apart: bool) -> None:
    found = lint_text(FLOW.replace("KEY", key).replace("POLICY", policy)).diagnostics

    assert ("FL910" in [each.code for each in found]) == apart
