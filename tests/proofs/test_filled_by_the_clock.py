"""A header made of the clock where it is absent is the same on copies that came with it alone."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim, Failure
from flumec.compiler.proofs.claims import claims
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

FLEET = """
hosts edge_hosts = ["e1"]

agent edge on edge_hosts {
  journal second {
    compression = lz4
  }
  source events : SOURCE
  channel here : file
  channel there : file {
    journal = second
  }
  channel late : file {
    journal = second
  }
  sink near : null
  sink far : file_roll {
    directory = "/srv/far"
    format = json
    dedup {
      key = header.id
      late = late
    }
  }

  events -> STEPS -> fingerprint(header.id, of = [header.timestamp, body]) -> here, there
  here -> near
  there -> far
}
"""
LINES = 'taildir {\n    files = ["/var/log/app.log"]\n  }'
CLIENTS = 'http {\n    port = 8080\n    bind = "127.0.0.1"\n    request_id = "Key"\n    HEADERS\n}'
KEPT = "timestamp(preserve = true)"
SENT = "`header.timestamp` is on each event that enters"


def fleet(source: str, steps: str, headers: str = "") -> str:
    block = f"headers {{\n      {headers}\n    }}" if headers else ""
    return FLEET.replace("SOURCE", source.replace("HEADERS", block)).replace("STEPS", steps)


def claim_of(text: str) -> Claim:
    result = compile_text(text)
    assert result.plan is not None, result.diagnostics
    return next(each for each in claims(Graph(result.fleet)) if each.sink == ("edge", "far"))


def copies(text: str, headers: dict[str, str]) -> int:
    """Return how often an event arrives whose agent is killed between its two journals."""
    plan = compile_text(text).plan
    assert plan is not None
    with World(plan) as world:
        world.advance(2)
        world.machines["e1"].doom = 1
        world.send("edge", "events", [Event(b"one", headers)])
        assert world.rest(1800)
        return len(world.delivered("edge", "far"))


FIXED = 'static(header.timestamp, "0")'


@pytest.mark.parametrize(
    ("source", "steps", "headers", "delivery", "assumed"),
    [
        (LINES, KEPT, "", "at_least_once", False),
        (LINES, f"{FIXED} -> {KEPT}", "", "exactly_once", False),
        (LINES, f"{KEPT} -> {FIXED}", "", "at_least_once", False),
        (CLIENTS, KEPT, "", "exactly_once", True),
        (CLIENTS, KEPT, "optional = [header.timestamp]", "exactly_once", True),
        (CLIENTS, KEPT, "required = [header.timestamp]", "exactly_once", False),
        (CLIENTS, KEPT, "others = drop", "at_least_once", False),
        (CLIENTS, "host(preserve = true)", "", "exactly_once", False),
    ],
)
def test_a_claim_says_what_it_takes_for_sent(
    source: str, steps: str, headers: str, delivery: str, assumed: bool
) -> None:
    claim = claim_of(fleet(source, steps, headers))

    assert claim.delivery == delivery
    assert (Failure.KILLED in claim.worst) is (delivery == "at_least_once")
    assert (SENT in claim.assuming) is assumed


@pytest.mark.parametrize(
    ("source", "headers", "number"),
    [(LINES, {}, 2), (CLIENTS, {}, 2), (CLIENTS, {"timestamp": "1700000000000"}, 1)],
    ids=["lines", "posted without", "posted with"],
)
def test_so_it_goes(source: str, headers: dict[str, str], number: int) -> None:
    assert copies(fleet(source, KEPT), headers) == number
