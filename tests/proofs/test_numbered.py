"""What `seq` counts on several hosts has equal bodies: a key of the body alone loses events."""

import pytest
from flumec.compiler.build import Compiled, compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim, Failure, Harm, Origin
from flumec.compiler.proofs.claims import claims
from flumec.compiler.world import World

TOTAL = 3
FLEET = """
hosts pair = ["feed-a", "feed-b"]
hosts vault = ["vault-1"]

agent feed on pair {
  source ticks : seq {
    total = TOTAL
  }
  channel out : file

  ticks -> STEPS -> out
}

agent book on vault {
  channel inbox : file
  channel late : file
  sink ledger : file_roll {
    directory = "/srv/ticks"
    dedup {
      key = KEY
      late = late
    }
  }

  inbox -> ledger
}

feed.out => book.inbox {
  port = 4242
}
"""
OF_BODY = "fingerprint(header.id, of = [body])"
OF_BOTH = "host() -> fingerprint(header.id, of = [header.host, body])"


def compiled(steps: str, key: str) -> Compiled:
    text = FLEET.replace("STEPS", steps).replace("KEY", key).replace("TOTAL", str(TOTAL))
    result = compile_text(text)
    assert result.plan is not None, result.diagnostics
    return result


def claim_of(made: Compiled) -> Claim:
    (claim,) = claims(Graph(made.fleet))
    return claim


@pytest.mark.parametrize(
    ("steps", "key", "shared"),
    [
        (OF_BODY, "header.id", True),
        (f'static(header.of, "feed") -> {OF_BODY}', "[header.of, header.id]", True),
        (OF_BOTH, "header.id", False),
        (f"host(preserve = true) -> {OF_BODY}", "[header.host, header.id]", False),
        (OF_BODY, "tag", False),
    ],
)
def test_it_is_claimed_where_no_part_of_the_key_is_of_the_host(
    steps: str, key: str, shared: bool
) -> None:
    claim = claim_of(compiled(steps, key))
    on_both = frozenset(Origin(("feed", "ticks"), host) for host in ("feed-a", "feed-b"))

    assert claim.alike == (on_both if shared else frozenset())
    assert [each.harm for each in claim.effects(Failure.ALWAYS)] == [Harm.LOSES] * shared


@pytest.mark.parametrize(("steps", "number"), [(OF_BODY, 1), (OF_BOTH, 2)])
def test_so_it_goes(steps: str, number: int) -> None:
    plan = compiled(steps, "header.id").plan
    assert plan is not None
    with World(plan) as world:
        assert world.rest(3600)
        assert len(world.delivered("book", "ledger")) == TOTAL * number
        assert world.counted("book", "ledger", "duplicates") == TOTAL * (2 - number)
