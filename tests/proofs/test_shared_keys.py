"""A key that by one way is of many events leaves out what is no copy, however made elsewhere."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim, Failure, Harm
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]
hosts relay_hosts = ["r1"]
hosts other_hosts = ["r2"]
hosts store_hosts = [STORES]

agent edge on edge_hosts {
  source lines : taildir {
    files = ["/var/log/app.log"]
  }
  source posts : http {
    port = 8080
    bind = "127.0.0.1"

    headers {
      required = [header.id]
    }
  }
  channel read : file
  channel sent : file

  lines -> EDGE -> read
  posts -> sent
}

agent relay on relay_hosts {
  source feed : link
  channel inbox : file

  feed -> RELAY -> inbox
}

agent other on other_hosts {
  source feed : link
  channel inbox : file

  feed -> OTHER -> inbox
}

agent store on store_hosts {
  channel inbox : file
  channel late : file
  sink far : file_roll {
    directory = "/srv/far"
    format = json
    dedup {
      key = header.id
      late = late
    }
  }

  inbox -> far
}

edge.read => relay.feed, other.feed {
  port = 4141
  policy = balance
}

edge.sent => relay.feed, other.feed {
  port = 4142
  policy = balance
}

relay.inbox => store.inbox {
  port = 4143
  POLICY
}

other.inbox => store.inbox {
  port = 4144
  POLICY
}
"""

OF_BODY = "fingerprint(header.id, of = [body])"
KEEPING = "fingerprint(header.id, of = [header.origin, body], preserve = true)"
ORIGIN = 'static(header.origin, "app")'
SHARED = "host(header = header.id)"


def claimed(edge: str, relay: str, other: str, *, stores: int = 1) -> dict[str, Claim]:
    """Return the claims of a fleet by their source."""
    hosts = ", ".join(f'"s{number}"' for number in range(stores))
    text = FLEET.replace("EDGE", edge).replace("RELAY", relay).replace("OTHER", other)
    text = text.replace("STORES", hosts)
    text = text.replace("POLICY", "policy = failover" if stores > 1 else "")
    result = lint_text(text)
    assert result.fleet is not None, result.diagnostics
    return {claim.source[1]: claim for claim in claims(Graph(result.fleet))}


def loses(claim: Claim) -> bool:
    return any(Harm.LOSES in effect.harm for effect in claim.effects(Failure.ALWAYS))


@pytest.mark.parametrize("edge", [SHARED, OF_BODY])
def test_what_is_made_of_the_body_where_it_lacks_is_not_made_where_it_is_there(edge: str) -> None:
    keeping = f"{ORIGIN} -> {KEEPING}"
    assert loses(claimed(edge, keeping, keeping)["lines"]) is (edge is SHARED)


def test_it_is_made_where_it_lacks() -> None:
    keeping = f"{ORIGIN} -> {KEEPING}"
    found = claimed(ORIGIN, keeping, keeping)
    assert not any(map(loses, found.values()))


@pytest.mark.parametrize("edge", [SHARED, OF_BODY])
def test_a_sink_on_several_hosts_leaves_out_what_has_one_key_too(edge: str) -> None:
    found = claimed(edge, ORIGIN, ORIGIN, stores=2)
    assert {name: loses(claim) for name, claim in found.items()} == {
        "lines": edge is SHARED,
        "posts": False,
    }


def test_one_of_two_ways_that_makes_it_anew_is_enough() -> None:
    found = claimed(OF_BODY, SHARED, ORIGIN)
    assert all(map(loses, found.values()))
