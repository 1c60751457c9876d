"""A key that clients must send is on each event; one that they cannot send knows no copy."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import DELIVERY

FLOW = """hosts vault = ["vault-1"]

agent book on vault {{
  source trades : http {{
    port = 5140
    bind = "127.0.0.1"

    headers {{
      {said}
    }}
  }}

  channel inbox : file

  channel late : file

  sink ledger : file_roll {{
    directory = "/srv/trades"
    dead_letter = late

    dedup {{
      key = header.id
    }}
  }}

  trades -> {steps}inbox
  inbox -> ledger
}}
"""
UNIQUE = "no two events have the same `header.id`"
ON_EACH = "`header.id` is on each event, and no two events have the same"


def claim_of(text: str) -> Claim:
    """Return the one claim of a flow."""
    linted = lint_text(text)
    (claim,) = claims(Graph(linted.fleet))
    return claim


@pytest.mark.parametrize(
    ("said", "steps", "delivery", "assumed"),
    [
        ("required = [header.id]", "", "exactly once", UNIQUE),
        ("optional = [header.id]", "", "exactly once", ON_EACH),
        ("required = [header.seq]\n      others = keep", "", "exactly once", ON_EACH),
        ("required = [header.seq]", "", "at least once", ""),
        ("others = refuse", "", "at least once", ""),
        (
            "required = [header.seq]",
            "fingerprint(header.id, of = [header.seq]) -> ",
            "exactly once",
            ON_EACH,
        ),
    ],
)
def test_a_key_of_what_clients_send(said: str, steps: str, delivery: str, assumed: str) -> None:
    claim = claim_of(FLOW.format(said=said, steps=steps))

    assert DELIVERY[claim.delivery] == delivery
    told = [one for one in claim.assuming if "`header.id`" in one]
    assert told == ([assumed] if assumed else [])


def test_what_nobody_can_send_is_the_key_of_no_event() -> None:
    found = lint_text(FLOW.format(said="required = [header.seq]", steps="")).diagnostics

    assert "FL401" in {one.code for one in found}
