"""A key by which copies are known is the same in all of them, wherever and whenever they enter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.headers.making import fills_gaps, making, set_by
from flumec.compiler.headers.steps import keeps
from flumec.compiler.model import Fleet, Step
from flumec.compiler.passes.deduplication import deduplicated, key_headers
from flumec.compiler.passes.shared_keys import shared
from flumec.compiler.source import Span
from flumec.runtime.component import Source


class CopiesDiffer(Diagnostic, code="FL911", severity="warning"):
    """The key of a `dedup` is made from what is another on each copy of an event.

    A client that posts an event to two machines, or twice to one, sends the same event. A header
    that a machine sets to its own name or time is another on each copy, and so is a `fingerprint`
    of it: no copy would ever be known as one.

    A key is made of what the client sent: an id of its own, or a fingerprint of the headers and the
    body that came with the event.

    ## Example

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel out : file

      trades -> host() -> fingerprint(header.id, of = [header.host, body]) -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      inbox -> ledger
    }

    feed.out => book.inbox {
      port = 4242
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel out : file

      trades -> host() -> fingerprint(header.id, of = [header.seq, body]) -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      inbox -> ledger
    }

    feed.out => book.inbox {
      port = 4242
      tls = mutual
    }
    ```
    """

    key: str
    sink: str
    cause: str
    made: Span

    @property
    def message(self) -> str:
        return f"`{self.key}` is another on each copy that comes to `{self.sink}`: {self.cause}"

    @property
    def hint(self) -> str:
        return "make the key from what the client sends: its own id, or a `fingerprint` of that"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.made, "it is set here"),)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Why a header is another on each copy."""

    cause: str
    span: Span
    by_host: bool
    """Only on another host: two copies on one host have the same."""


Marks = Mapping[str, _Mark]


def check_copied_keys(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield keys of a `dedup` that a machine makes up, where clients post events."""
    sinks = list(deduplicated(fleet))
    if not sinks:
        return
    arriving: dict[Node, dict[str, _Mark]] = {}
    entered: dict[Node, set[str]] = {}
    for agent in fleet.agents.values():
        for component in agent.components.values():
            kind = component.declaration
            if kind and issubclass(kind, Source) and kind.start == "acknowledgement":
                node = (agent.name, component.name)
                hosts = {host.name for host in agent.hosts.hosts}
                _follow(graph, node, hosts, arriving, entered)
    for node, dedup in sinks:
        names = key_headers(dedup)
        if shared(header_flow(fleet, graph).at(node), names):  # which is said, and is worse
            continue
        for name in names:
            mark = arriving.get(node, {}).get(name)
            if mark and not (mark.by_host and len(entered[node]) < 2):
                sink = f"{node[0]}.{node[1]}"
                place = dedup.value.values["key"].span
                yield CopiesDiffer(place, f"header.{name}", sink, mark.cause, mark.span)


def _follow(
    graph: Graph,
    source: Node,
    hosts: set[str],
    arriving: dict[Node, dict[str, _Mark]],
    entered: dict[Node, set[str]],
) -> None:
    """Carry a source's marks along all its ways, to where nothing new arrives."""
    waiting: list[tuple[Node, dict[str, _Mark]]] = [(source, {})]
    seen: dict[Node, set[str]] = {}
    while waiting:
        node, marks = waiting.pop()
        entered.setdefault(node, set()).update(hosts)
        if node in seen and marks.keys() <= seen[node]:
            continue
        seen.setdefault(node, set()).update(marks)
        arriving[node] = marks | arriving.get(node, {})
        ways = [edge for edge in graph.outgoing.get(node, ()) if edge.kind != "misplaced"]
        waiting += [(edge.end, _after(edge, marks)) for edge in ways]


def _after(edge: Edge, marks: Marks) -> dict[str, _Mark]:
    """Return the marks behind an edge's interceptors."""
    left = dict(marks)
    steps = (*(edge.chain.steps if edge.chain else ()), *(edge.arm.steps if edge.arm else ()))
    for step in steps:
        if step.declaration is not None:
            _apply(step, left)
    return left


def _apply(step: Step, marks: dict[str, _Mark]) -> None:
    """Mark, or clear, the headers that an interceptor sets."""
    made = set_by(step)
    if not made or fills_gaps(step):
        return
    mark = _mark(step, marks)
    for name in made:
        if mark is not None:
            marks[name] = mark
        elif step.declaration is not None and step.declaration.sets and not keeps(step):
            marks.pop(name, None)


def _mark(step: Step, marks: Marks) -> _Mark | None:
    """Return why what a step sets is another on each copy, if it is."""
    of = making(step)
    if of.clock:
        return _Mark(f"`{step.type}` sets it to when this copy came", step.span, by_host=False)
    if of.host:
        cause = f"`{step.type}` sets it to the machine that this copy came to"
        return _Mark(cause, step.span, by_host=True)
    if of.varied:
        return _Mark(
            f"`{step.type}` sets it to another value on each host", step.span, by_host=True
        )
    for part in of.headers:
        if part in marks:
            made = marks[part]
            return _Mark(f"it is made from `header.{part}`; {made.cause}", step.span, made.by_host)
    return None
