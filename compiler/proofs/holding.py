"""What a sink of files holds back in its channel until it rolls them, in bytes of events."""

from math import inf

from flumec.compiler.bind.properties import complete
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.headers.known import Headers
from flumec.compiler.model import Fleet, Host
from flumec.runtime.output.template import Template
from flumec.runtime.sinks.filing import Filing

SHRINKS = 4
"""How many times smaller compression makes logs, at least mostly."""


def held_back(fleet: Fleet, graph: Graph, sink: Node, host: Host, rate: float) -> float:
    """Return how much of what comes to a sink at a rate is in files that are not rolled, at most.

    No file is older than `every`, nor larger than `size`.
    """
    component = fleet.agents[sink[0]].components[sink[1]]
    declaration = component.declaration
    if declaration is None or not issubclass(declaration, Filing):
        return 0.0
    written = complete(declaration, component.values, host)
    if written is None or written["roll"] is None:  # a mistake in it was reported
        return 0.0
    files = min(written["max_open"], folders(declaration, written, header_flow(graph).at(sink)))
    size = written["roll"].size * (SHRINKS if written["codec"] != "none" else 1)
    return float(min(rate * written["roll"].every, files * size))


def folders(declaration: type[Filing], written: dict[str, object], headers: Headers) -> float:
    """Return how many folders a sink may write to at a time: one for each value of its headers."""
    try:
        named = Template.parse(declaration.template(written)).headers
    except ValueError:  # which was reported
        return 0
    count = 1
    for known in (headers[name] for name in named):
        if known.values is None:
            return inf
        count *= len(known.values) + (not known.sure)
    return count
