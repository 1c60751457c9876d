"""Copies that part by other channels have one key if all ways of theirs make it by like steps."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]
hosts store_hosts = [STORES]

agent edge on edge_hosts {
  source posts : http {
    port = 4100
  }
  channel c0 : file
  channel c1 : file

  posts -> c0, c1
}

agent store on store_hosts {
  source feed : link
  source other : link
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

  feed -> FIRST -> inbox
  other -> SECOND -> inbox
  inbox -> out
}

edge.c0 => store.feed {
  port = 4200
  policy = all
}

edge.c1 => store.other {
  port = 4201
  policy = all
}
"""

BODY = "fingerprint(header.id, of = [body])"
MORE = "fingerprint(header.id, of = [header.user, body])"
HOST = "host() -> fingerprint(header.id, of = [header.host, body])"
TIME = "timestamp() -> fingerprint(header.id, of = [header.timestamp, body])"


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        (BODY, BODY, True),
        (BODY, MORE, False),
        (MORE, BODY, False),
        (MORE, MORE, True),
        (f"host() -> {BODY}", BODY, True),
        (TIME, TIME, False),
        (BODY, "host()", False),
    ],
)
def test_whether_copies_of_two_channels_have_one_key(first: str, second: str, known: bool) -> None:
    text = FLEET.replace("STORES", '"s1", "s2"').replace("FIRST", first).replace("SECOND", second)
    result = lint_text(text)
    assert result.fleet is not None

    (claim,) = claims(Graph(result.fleet))

    assert (not claim.effects(Failure.ALWAYS)) is known


RELAYED = (
    FLEET[: FLEET.index("agent store")]
    + """
hosts relay_hosts = ["r1", "r2"]

agent relay on relay_hosts {
  source feed : link
  source other : link
  channel inbox : file

  feed -> HOST -> inbox
  other -> HOST -> inbox
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

edge.c0 => relay.feed {
  port = 4200
  policy = hash(header.user)
}

edge.c1 => relay.other {
  port = 4201
  policy = SECOND
}

relay.inbox => store.inbox {
  port = 4202
}
"""
)


@pytest.mark.parametrize("steps", [HOST, BODY])
def test_a_host_that_has_a_part_in_it_may_be_another_one_by_each_link(steps: str) -> None:
    text = RELAYED.replace("STORES", '"s1"').replace("HOST", steps)
    fleet = lint_text(text.replace("SECOND", "hash(header.name)")).fleet
    assert fleet is not None

    (claim,) = claims(Graph(fleet))

    assert (not claim.effects(Failure.ALWAYS)) is (steps == BODY)
