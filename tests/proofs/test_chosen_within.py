"""A copy makes up for another one if both go to the one agent that a host may send to."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure, Harm
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"] {
  site = "north"
}
hosts near_hosts = ["n1"] {
  site = "north"
}
hosts far_hosts = ["f1"] {
  site = "south"
}

agent edge on edge_hosts {
  source made : seq {
    total = 30
  }
  channel c0 : file
  channel c1 : file
  channel dead : file

  made -> static(header.kind, "one") -> c0, c1?
}

edge.c0 => near.inbox, far.inbox {
  port = 4101
  policy = hash(header.kind)
FIRST}

edge.c1 => near.inbox, far.inbox {
  port = 4102
  policy = failover
  in_doubt = wait
SECOND}
"""

STORE = """
agent {name} on {name}_hosts {{
  channel inbox : file
  sink out : file_roll {{
    directory = "/srv/out"
  }}

  inbox -> out
}}
"""

NEAR, DEAD = "  within = host.site\n", "  dead_letter = dead\n"


@pytest.mark.parametrize(
    ("first", "second", "loses"),
    [
        (NEAR, NEAR, False),
        (NEAR, "", False),
        ("", NEAR, True),
        ("", "", False),
        (NEAR + DEAD, NEAR, True),
        (NEAR, NEAR + DEAD, False),
    ],
)
def test_what_is_left_out_is_no_loss_where_the_other_copy_is_sure(
    first: str, second: str, loses: bool
) -> None:
    text = FLEET.replace("FIRST", first).replace("SECOND", second)
    found = lint_text(text + STORE.format(name="near") + STORE.format(name="far"))
    assert found.fleet is not None
    (claim,) = (each for each in claims(Graph(found.fleet)) if each.sink == ("near", "out"))

    effects = claim.effects(Failure.ALWAYS)
    assert loses is any(effect.harm is Harm.LOSES for effect in effects)
