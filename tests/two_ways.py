"""Fleets in which copies part at a source and go on by two hosts, and what each of these lets by.

Both hosts send to one sink. Which events come by which of them is played with the interceptors
themselves, over events with all answers that matter.
"""

from itertools import product
from pathlib import Path
from typing import NamedTuple

from flumec.compiler.bind import bind
from flumec.compiler.inputs import in_memory
from flumec.compiler.model import Fleet
from flumec.compiler.options import Options
from flumec.runtime.batch import header
from played import events, leaving

ENDS = (
    "{}",
    'regex_filter("!") -> {}',
    'regex_filter("!", exclude = true) -> {}',
    'route header.x {{\n    "a" -> {}\n    else -> drop\n  }}',
    'route header.x {{\n    "a" -> drop\n    else -> {}\n  }}',
)
"""Where a chain ends, and what it keeps from there."""

CHAINS = tuple(product(ENDS, repeat=4))
"""Two at the source, and one at each of the two hosts."""

FEW = tuple(CHAINS[number] for number in (0, 3, 8, 11, 15, 18, 19, 26, 27, 30, 168, 214, 395))
"""Some of them, in which both, either or none of the hosts is needed, with copies and without."""

FLOW = """\
hosts web = ["web-1"]

hosts left = ["left-1"]

hosts right = ["right-1"]

hosts core = ["core-1"]

agent edge on web {{
  source in : {source}

  channel one : file

  channel two : file

  in -> {}

  in -> {}
}}

agent alpha on left {{
  source in : link

  channel out : file

  in -> {}
}}

agent beta on right {{
  source in : link

  channel out : file

  in -> {}
}}

agent last on core {{
  channel inbox : file

  sink store : null

  inbox -> store
}}

edge.one => alpha.in {{
  port = 4141
}}

edge.two => beta.in {{
  port = 4142
}}

alpha.out => last.inbox {{
  port = 4143
}}

beta.out => last.inbox {{
  port = 4144
}}
"""
CLIENTS = 'http {\n    port = 80\n    bind = "127.0.0.1"\n  }'
SOURCE, SINK = ("edge", "in"), ("last", "store")


class Arriving(NamedTuple):
    """The numbers of the events that come to the sink by each host."""

    alpha: frozenset[str]
    beta: frozenset[str]


def two_ways(chains: tuple[str, ...]) -> Fleet:
    """Return the fleet with chains from `CHAINS`."""
    channels = ("one", "two", "out", "out")
    ends = [chain.format(channel) for chain, channel in zip(chains, channels, strict=True)]
    text = FLOW.format(*ends, source=CLIENTS)
    fleet, found = bind([Path("main.flow")], Options(), in_memory({"main.flow": text}))
    assert not list(found)
    return fleet


def played(fleet: Fleet) -> Arriving:
    """Return which events come by which host."""
    sent = events([b"!", b"-"], [None, "a", "z"], "x")
    came = []
    for first, relay in zip(fleet.agents["edge"].chains, ("alpha", "beta"), strict=True):
        (_, left), (second,) = next(leaving(first, sent)), fleet.agents[relay].chains
        (_, behind) = next(leaving(second, left))
        came.append(frozenset(map(str, header(behind, "event").to_pylist())))
    return Arriving(*came)


def ask_alike(chains: tuple[str, ...]) -> bool:
    """Return whether both ways ask the same of an event, so that what one lets by the other may
    let by as well.
    """
    alpha, beta = chains[0] + chains[2], chains[1] + chains[3]
    return any(word in alpha and word in beta for word in ("regex_filter", "route"))
