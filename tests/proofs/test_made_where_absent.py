"""What a key is made of only where an event lacks it, matters to events that may lack it alone."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1", "e2"]
hosts store_hosts = ["s1"]

agent edge on edge_hosts {
  source posts : http {
    port = 4100
    headers {
      HEADERS
    }
  }
  channel c : file

  posts -> STEPS -> c
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

edge.c => store.inbox {
  port = 4200
}
"""

NAMED = "fingerprint(header.id, of = [header.host, body], preserve = true)"
ANEW = "fingerprint(header.id, of = [header.host, body], preserve = false)"
BODY = "fingerprint(header.id, of = [body], preserve = true)"
PART = "fingerprint(header.part, of = [header.host, body], preserve = false)"
OF_PART = "fingerprint(header.id, of = [header.part], preserve = true)"
REQUIRED, OPTIONAL, NEITHER = (f"{word} = [header.{name}]" for word, name in (
    ("required", "id"), ("optional", "id"), ("required", "user"),
))  # fmt: skip
HOST = "host(preserve = false)"
ON_EACH = "`header.id` is on each event that enters"
NOT_EMPTY = "`header.id` is empty on no event that enters"
TIME = "timestamp() -> fingerprint(header.host, of = [header.timestamp])"


@pytest.mark.parametrize(
    ("headers", "steps", "known"),
    [
        (REQUIRED, f"{HOST} -> {NAMED}", True),
        (REQUIRED, f"{HOST} -> {NAMED} -> {NAMED}", True),
        (REQUIRED, f"{HOST} -> {PART} -> {OF_PART}", True),
        (REQUIRED, f"{HOST} -> {ANEW}", False),
        (REQUIRED, f"{HOST} -> {NAMED} -> {ANEW}", False),
        (REQUIRED, f"{HOST} -> {ANEW} -> {NAMED}", False),
        (REQUIRED, f"{TIME} -> {NAMED}", True),
        (OPTIONAL, f"{HOST} -> {NAMED}", True),
        (NEITHER, f"{HOST} -> {NAMED}", False),
        (NEITHER, f"{HOST} -> {PART} -> {OF_PART}", False),
        (NEITHER, f"{HOST} -> {BODY} -> {NAMED}", True),
    ],
)  # fmt: skip
def test_whether_a_client_that_repeats_at_another_host_is_known(
    headers: str, steps: str, known: bool
) -> None:
    fleet = lint_text(FLEET.replace("HEADERS", headers).replace("STEPS", steps)).fleet
    assert fleet is not None

    (claim,) = claims(Graph(fleet))

    assert (not claim.effects(Failure.CLIENT_RETRIED)) is known
    assert (ON_EACH in claim.assuming) is (headers == OPTIONAL)
    if headers == OPTIONAL:
        assert NOT_EMPTY in claim.assuming


@pytest.mark.parametrize(
    ("steps", "made"), [(f"{HOST} -> {NAMED}", True), (f"{HOST} -> {BODY} -> {NAMED}", False)]
)
def test_an_empty_header_is_made_anew(steps: str, made: bool) -> None:
    fleet = lint_text(FLEET.replace("HEADERS", REQUIRED).replace("STEPS", steps)).fleet
    assert fleet is not None

    (claim,) = claims(Graph(fleet))

    assert (NOT_EMPTY in claim.assuming) is made
