"""Values of a header that have a folder in common are in no order with each other there."""

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import order_words
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

HOUR = 3600.0

HASHED = """hosts here = ["here-1"]

hosts between = ["mid-1", "mid-2", "mid-3"]

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

agent b on between {
  channel inbox : file
}

agent c on there {
  channel held : file

  sink out : file_roll {
    directory = "/srv/a"
    path = "%{user}"
    format = json

    roll {
      every = 1s
    }
  }

  held -> out
}

a.spool => b.inbox {
  port = 4141
  policy = POLICY
}

b.inbox => c.held {
  port = 4142
}
"""


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("hash(header.user)", "per header.user in each folder"),
        ("all", "per source in each folder"),
    ],
)
def test_a_folder_stands_for_no_value(policy: str, said: str) -> None:
    compiled = compile_text(HASHED.replace("POLICY", policy))
    (order,) = (claim.order for claim in claims(Graph(compiled.fleet)))

    assert order_words(order) == said


@pytest.mark.slow
def test_an_empty_header_and_none_are_sent_apart_and_come_into_one_folder() -> None:
    compiled = compile_text(HASHED.replace("POLICY", "hash(header.user)"))
    assert compiled.plan is not None
    kinds: list[dict[str, str]] = [{}, {"user": ""}, {"user": "_"}]
    relays = [f"mid-{number}" for number in (1, 2, 3)]
    with World(compiled.plan) as world:
        for relay in relays:
            world.network.cut(relay, "there-1")
            world.network.cut("there-1", relay)
        world.send("a", "in", [Event(b"%d" % n, kinds[n % 3]) for n in range(6)])
        world.advance(2)
        for relay in relays:
            for wire in ((relay, "there-1"), ("there-1", relay)):
                world.network.reset(*wire)
                world.network.heal(*wire)
            world.advance(60)
        assert world.rest(HOUR)

        found = [event.text for event in world.delivered("c", "out")]

    assert sorted(found) != found
    assert all(found.index(str(n)) < found.index(str(n + 3)) for n in range(3))
