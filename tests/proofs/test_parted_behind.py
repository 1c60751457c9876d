"""Events that leave a source by one channel and part further on are in no order with each other."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import order_words
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

HOUR = 3600.0

TIERS = """hosts here = ["here-1"]

hosts between = ["between-1"]

hosts there = ["there-1"]

agent a on here {
  source in : http {
    port = 8080
    bind = "127.0.0.1"
    request_id = "Id"
  }

  channel spool : file

  in -> route header.kind {
    "a" -> spool
    "b" -> spool
    else -> drop
  }
}

agent b on between {
  source feed : link

  channel y : file

  channel z : file

  feed -> route header.kind {
    ARMS
    else -> drop
  }
}

agent c on there {
  channel held : file

  sink out : file_roll {
    directory = "/srv/a"
    format = json

    roll {
      every = 1s
    }
  }

  held -> out
}

a.spool => b.feed {
  port = 4141
}

b.y => c.held {
  port = 4142
}

b.z => c.held {
  port = 4142
}
"""


def tiers(*arms: str) -> str:
    return TIERS.replace("ARMS", "\n    ".join(arms))


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        (('"a" -> y', '"b" -> z'), "per header.kind"),
        (('"a" -> y', '"b" -> y', '"c" -> z'), "per source"),
        (('"a", "b" -> y', '"c" -> z'), "per source"),
        (('"a" -> y, z', '"b" -> z'), "none"),
    ],
    ids=["apart", "two arms", "one arm", "also apart"],
)
def test_what_parts_further_on_is_claimed_for_each_value(arms: tuple[str, ...], said: str) -> None:
    compiled = compile_text(tiers(*arms))
    assert compiled.plan is not None
    (order,) = (claim.order for claim in claims(Graph(compiled.fleet)))

    assert order_words(order) == said


@pytest.mark.slow
def test_a_slow_link_brings_its_values_behind_those_of_the_other() -> None:
    compiled = compile_text(tiers('"a" -> y', '"b" -> z'))
    assert compiled.plan is not None
    kinds = ("a", "b", "a", "b")
    with World(compiled.plan) as world:
        world.cut("b", "y")
        events = [Event(b"%d" % number, {"kind": kind}) for number, kind in enumerate(kinds)]
        world.send("a", "in", events)
        world.advance(2)
        world.heal("b", "y")
        assert world.rest(HOUR)

        found = [event.text for event in world.delivered("c", "out")]

    assert sorted(found) != found
    assert [found.index("0") < found.index("2"), found.index("1") < found.index("3")] == [True] * 2
