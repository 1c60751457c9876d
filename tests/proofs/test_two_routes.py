"""Which ways events take through two routes, one behind the other, is what their steps do to them.

Chains of steps at both are played with the interceptors themselves, over events with all values
that matter: what none of them takes is not claimed, and what one takes is.
"""

from itertools import product
from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.graph import Graph
from flumec.compiler.inputs import in_memory
from flumec.compiler.model import Fleet
from flumec.compiler.options import Options
from flumec.compiler.proofs.claims import claims
from played import events, leaving

BODIES = [x + end for x in (b"x=a", b"x=b", b"x=z", b"") for end in (b"!", b"")]
STEPS = (
    "",
    'static(header.x, "a") -> ',
    'static(header.x, "b", preserve = false) -> ',
    r'regex_extract(r"x=(\w)", into = [header.x]) -> ',
    "host(header = header.x) -> ",
    'regex_filter("!") -> ',
    'regex_filter("!", exclude = true) -> ',
    'static(header.y, "a") -> ',
)
CLIENTS = 'http {\n    port = 80\n    bind = "127.0.0.1"\n  }'
SENT: dict[str, list[str | None]] = {CLIENTS: [None, "a", "b", "z"], "seq": [None]}
ROUTE = 'route header.x {\n    "a" -> p\n    "b" -> q\n    else -> r\n  }'
FLOW = """\
hosts web = ["web-1"]

hosts core = ["core-1"]

agent edge on web {{
  source in : {source}

  channel one : memory

  channel two : file {{
    when_full = drop_oldest
  }}

  in -> {first}route header.x {{
    "a" -> one
    else -> two
  }}
}}

agent relay on core {{
  source left : link

  source right : link

  channel p : file

  channel q : file

  channel r : file

  sink of_p : null

  sink of_q : null

  sink of_r : null

  left -> {second}{route}

  right -> {second}{route}

  p -> of_p
  q -> of_q
  r -> of_r
}}

edge.one => relay.left {{
  port = 4141
}}

edge.two => relay.right {{
  port = 4142
}}
"""
Taken = set[tuple[str, str]]
"""By which channels, of the edge and of the relay, events go."""


def fleet_of(text: str) -> Fleet:
    """Return the fleet of a text in which every name is known."""
    fleet, found = bind([Path("main.flow")], Options(), in_memory({"main.flow": text}))
    assert not list(found)
    return fleet


def two_routes(source: str, first: str, second: str) -> Fleet:
    return fleet_of(FLOW.format(source=source, first=first, second=second, route=ROUTE))


def taken(fleet: Fleet, source: str) -> Taken:
    """Return which ways events take."""
    first, second = (fleet.agents[name].chains[0] for name in ("edge", "relay"))
    return {
        (one, other)
        for one, left in leaving(first, events(BODIES, SENT[source], "x"))
        for other, last in leaving(second, left)
        if last.num_rows
    }


def claimed(fleet: Fleet) -> Taken:
    """Return the ways that are in claims: each channel of the edge loses in a way of its own."""
    return {
        (one, claim.sink[1].removeprefix("of_"))
        for claim in claims(Graph(fleet))
        for effects in claim.worst.values()
        for agent, one in (effect.node for effect in effects)
        if (agent, one) in (("edge", "one"), ("edge", "two"))
    }


@pytest.mark.slow
@pytest.mark.parametrize("source", SENT, ids=["http", "seq"])
def test_claims_are_of_the_ways_that_events_take(source: str) -> None:
    for first, second in product(STEPS, repeat=2):
        fleet = two_routes(source, first, second)
        assert claimed(fleet) == taken(fleet, source), (first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        ("", 'static(header.x, "a", preserve = false) -> '),
        (r'regex_extract(r"x=(\w)", into = [header.x]) -> ',) * 2,
        ('regex_filter("!") -> ', 'regex_filter("!", exclude = true) -> '),
    ],
)
def test_what_is_asked_again_is_answered_alike(first: str, second: str) -> None:
    fleet = two_routes(CLIENTS, first, second)
    assert claimed(fleet) == taken(fleet, CLIENTS)


def test_more_values_than_are_told_apart_are_any() -> None:
    arms = "".join(f'    "{number}" -> one\n' for number in range(300))
    text = FLOW.format(source=CLIENTS, first="", second="", route=ROUTE)
    each = [
        f"agent of_{number} on web {{\n  source in : seq\n  channel out : file\n\n"
        f'  in -> static(header.x, "{number}") -> out\n}}\n\n'
        f"of_{number}.out => relay.left {{\n  port = 4141\n}}\n"
        for number in range(300)
    ]
    many = fleet_of("\n".join([text.replace('    "b" -> q\n', arms.replace("one", "q")), *each]))
    found = {claim.sink[1] for claim in claims(Graph(many)) if claim.source == ("of_7", "in")}
    assert found == {"of_p", "of_q", "of_r"}
