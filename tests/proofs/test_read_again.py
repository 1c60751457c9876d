"""What is read again is another event to a `dedup` where the source gives it something else."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts one = ["one.example.com"]

agent a on one {
  journal side {
    directory = "/srv/side"
  }

  source log : taildir {
    files = ["/var/log/x.log"]
    ROTATION
    path_header = header.path
  }

  channel main : file
  channel extra : file {
    journal = side
  }
  channel letters : file {
    journal = side
  }

  sink first : file_roll {
    directory = "/srv/first"
  }

  sink second : file_roll {
    directory = "/srv/second"

    dedup {
      key = header.id
      late = letters
    }
  }

  log -> fingerprint(header.id, of = [KEY]) -> main, extra
  main -> first
  extra -> second
}
"""

RENAMED, NEVER = 'rotated = ["/var/log/x.log.[0-9]"]', "rotation = none"


@pytest.mark.parametrize(
    ("rotation", "key", "delivery"),
    [
        (RENAMED, "header.path, body", "at_least_once"),
        (RENAMED, "body", "exactly_once"),
        (NEVER, "header.path, body", "exactly_once"),
        (f"{NEVER}\n    unfinished = emit", "header.path, body", "at_least_once"),
        (f"{NEVER}\n    unfinished = emit", "header.path", "best_effort"),
    ],
)
def test_a_second_journal_gets_what_was_read_again(rotation: str, key: str, delivery: str) -> None:
    linted = lint_text(FLEET.replace("ROTATION", rotation).replace("KEY", key))
    found = {claim.sink[1]: claim.delivery for claim in claims(Graph(linted.fleet))}

    assert found == {"first": "exactly_once", "second": delivery}
