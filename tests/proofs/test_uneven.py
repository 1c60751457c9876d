"""Copies of which each host leaves other events out keep no order, and make up for no other."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.cuts.paths import paths
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import order_words
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

HOUR = 3600.0

SHARED = """hosts here = ["here-1"]

hosts north = ["north-1"] {
  site = "north"
}

hosts south = ["south-1"] {
  site = "south"
}

hosts there = ["there-1"]

agent a on here {
  source in : http {
    port = 8080
    bind = "127.0.0.1"
    request_id = "Id"
  }

  channel spool : file

  in -> spool
}

agent b on union(north, south) {
  source feed : link

  channel kept : memory

  CHAIN
}

agent c on there {
  channel held : file

  sink out : hdfs {
    path = "hdfs://nn.example.com/logs"

    roll {
      every = 1s
    }
  }

  held -> out
}

a.spool => b.feed {
  port = 4141
  policy = all
}

b.kept => c.held {
  port = 4142
}

check "a relay may be killed" {
  from = a.in
  to = c.out
  survives = [kill(b)]
}
"""

ROUTE = 'route header.of {\n    "north" -> kept\n    else -> drop\n  }'
OWN = 'feed -> regex_filter("${host.site}") -> kept'
TOLD = f'feed -> static(header.of, "${{host.site}}", preserve = false) -> {ROUTE}'
SENT = f"feed -> {ROUTE}"
SAME = 'feed -> regex_filter("north") -> kept'
WHOLE = "feed -> kept"


def shared(chain: str) -> str:
    return SHARED.replace("CHAIN", chain)


def claimed(chain: str) -> tuple[Claim, set[str]]:
    """Return what is claimed, and the hosts each of which cuts the path, the source's own aside."""
    compiled = compile_text(shared(chain).partition("check")[0])
    graph = Graph(compiled.fleet)
    (path,) = paths(compiled.fleet, graph, claims(graph))
    alone = (each for cut in path.cuts if cut.alone and not cut.own for each in cut.elements)
    return path.claim, {each.name for each in alone if each.kind == "host"}


@pytest.mark.parametrize("chain", [OWN, TOLD], ids=["filter", "route"])
def test_copies_that_differ_by_host_are_each_for_itself(chain: str) -> None:
    claim, cut_by = claimed(chain)
    said = [one.code for one in compile_text(shared(chain)).diagnostics if one.severity == "error"]

    assert claim.order.reason == "each host of `b` leaves other events out of its copies"
    assert order_words(claim.order) == "none"
    assert cut_by == {"north-1", "south-1", "there-1"}
    assert said == ["FL610"]


@pytest.mark.parametrize("chain", [SENT, SAME, WHOLE], ids=["route", "filter", "whole"])
def test_copies_that_are_alike_make_up_for_each_other(chain: str) -> None:
    said = [one.code for one in compile_text(shared(chain)).diagnostics if one.severity == "error"]

    assert said == []
    assert claimed(chain)[1] == {"there-1"}


@pytest.mark.slow
def test_the_slower_relay_brings_its_part_late_and_a_killed_one_loses_it() -> None:
    compiled = compile_text(shared(OWN).partition("check")[0])
    assert compiled.plan is not None
    texts = ("0 north", "1 south", "2 north")
    with World(compiled.plan) as world:
        world.network.cut("north-1", "there-1")
        world.network.cut("there-1", "north-1")
        world.send("a", "in", [Event(text.encode()) for text in texts])
        world.advance(2)
        world.heal("b", "kept")
        assert world.rest(HOUR)
        assert [e.text for e in world.delivered("c", "out")] == ["1 south", "0 north", "2 north"]

        world.cut("b", "kept")
        world.send("a", "in", [Event(b"3 north"), Event(b"4 south")])
        world.advance(2)
        world.kill("b", "north-1")
        world.heal("b", "kept")
        assert world.rest(HOUR)
        assert [event.text for event in world.delivered("c", "out")][3:] == ["4 south"]
