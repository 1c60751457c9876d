"""A header that a step gives to all events that lack it is on each: a key may be made of it."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim, Failure, Harm
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]

agent edge on edge_hosts {
  journal second {
    compression = lz4
  }
  source lines : taildir {
    files = ["/var/log/app.log"]
  }
  channel here : file
  channel there : file {
    journal = second
  }
  channel late : file
  sink near : file_roll {
    directory = "/srv/near"
  }
  sink far : file_roll {
    directory = "/srv/far"
    format = json
    dedup {
      key = header.id
      late = late
    }
  }

  lines -> STEPS -> here, there
  here -> near
  there -> far
}
"""


def claim_of(steps: str) -> Claim:
    result = lint_text(FLEET.replace("STEPS", steps))
    assert result.fleet is not None, result.diagnostics
    return next(each for each in claims(Graph(result.fleet)) if each.sink == ("edge", "far"))


FILLED = 'static(header.origin, "app")'
MADE = "fingerprint(header.id, of = [header.origin, body])"


@pytest.mark.parametrize(
    ("steps", "known"),
    [(f"{FILLED} -> {MADE}", True), (MADE, False), (f"{MADE} -> {FILLED}", False)],
)
def test_what_is_stored_again_is_known_by_a_key_that_each_event_has(
    steps: str, known: bool
) -> None:
    assert (Failure.KILLED not in claim_of(steps).worst) is known


def test_a_key_that_one_value_fills_is_of_no_event() -> None:
    filled = 'static(header.id, "all") -> fingerprint(header.id, of = [body], preserve = true)'

    (effect,) = claim_of(filled).effects(Failure.ALWAYS)

    assert effect.harm is Harm.LOSES
