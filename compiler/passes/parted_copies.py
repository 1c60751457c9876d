"""Copies that part before the `dedup` that should tell them never meet."""

from collections import defaultdict
from collections.abc import Iterator

from flumec.compiler.choice import hashed_by, policy_of
from flumec.compiler.deduplicated import deduplicated, key_headers
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.copied import Copied, Mark, Marks
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.headers.steps import place_of, shown, taken
from flumec.compiler.model import Chain, Fleet, Link, Route
from flumec.compiler.proofs.scattered import is_due_anyway
from flumec.compiler.proofs.way import ways_of
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span
from flumec.runtime.frozen import frozen

_CHOOSING = {
    "balance": "each batch goes to the agent whose turn it is",
    "failover": "what comes while the first agent is away goes to the next",
    "hash": "",
}
"""Policies by which an event goes to one of a link's targets, and how."""


class CopiesPart(Diagnostic, code="FL347", severity="warning"):
    """Two copies of one event may go two ways, of which one does not lead to the `dedup`.

    A client posts an event to two machines, or again to one. Where a route or a `hash` goes by what
    a machine set itself, its name or its time, or a link to several agents takes now one, now
    another, one copy comes to the sink with the `dedup` and the other to another sink. Each is
    written there: no key is seen twice.

    Copies stay together by a header that came with the event, and by the `hash` of one. A source
    whose copies always enter at the same host, because a client asks again where it asked first, is
    fine too where the way goes by the host: then silence this, with that reason.

    ## Example

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"

        headers {
          required = [header.id, header.book]
        }
      }

      channel rates : file

      channel stocks : file

      trades -> host() -> route header.host {
        "feed-a" -> rates
        else -> stocks
      }
    }

    agent book on vault {
      channel rates : file

      channel stocks : file

      sink one : file_roll {
        directory = "/srv/rates"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      sink two : file_roll {
        directory = "/srv/stocks"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      rates -> one
      stocks -> two
    }

    feed.rates => book.rates {
      port = 4242
      tls = mutual
    }

    feed.stocks => book.stocks {
      port = 4243
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

        headers {
          required = [header.id, header.book]
        }
      }

      channel rates : file

      channel stocks : file

      trades -> host() -> route header.book {
        "rates" -> rates
        else -> stocks
      }
    }

    agent book on vault {
      channel rates : file

      channel stocks : file

      sink one : file_roll {
        directory = "/srv/rates"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      sink two : file_roll {
        directory = "/srv/stocks"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      rates -> one
      stocks -> two
    }

    feed.rates => book.rates {
      port = 4242
      tls = mutual
    }

    feed.stocks => book.stocks {
      port = 4243
      tls = mutual
    }
    ```
    """

    sink: str
    dedup: Span
    by: str
    cause: str
    made: Span | None
    cure: str

    @property
    def message(self) -> str:
        return f"copies of one event part here, and may not meet at the `dedup` of `{self.sink}`"

    @property
    def label(self) -> str:
        return self.by

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.cause,)

    @property
    def hint(self) -> str:
        return self.cure

    @property
    def places(self) -> tuple[Place, ...]:
        keys = Place(self.dedup, "only copies that come here are left out")
        return (keys,) if self.made is None else (Place(self.made, "it is set here"), keys)


@frozen
class _Fork:
    """Where copies may take different ways: the ends of all that they may take, and why."""

    ends: frozenset[Node]
    span: Span
    by: str
    cause: str
    made: Span | None
    cure: str


def check_parted_copies(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield routes and links at which copies part, the one to a `dedup` and the other elsewhere."""
    sinks = [(node, held) for node, held in deduplicated(fleet) if key_headers(held)]
    forks = _forks(fleet, graph) if sinks else {}
    said: set[Span] = set()
    for node, dedup in sinks if forks else ():
        leading = graph.leading_to(node)
        for fork in (fork for at in sorted(leading & forks.keys()) for fork in forks[at]):
            if fork.span not in said and not fork.ends <= leading and fork.ends & leading:
                said.add(fork.span)
                yield CopiesPart(
                    fork.span, dotted(node), dedup.key, fork.by, fork.cause, fork.made,
                    fork.cure,
                )  # fmt: skip


def _forks(fleet: Fleet, graph: Graph) -> dict[Node, list[_Fork]]:
    copied, ways = graph.derived(Copied), graph.derived(ways_of)
    found: dict[Node, list[_Fork]] = defaultdict(list)
    for name, agent in fleet.agents.items():
        for chain in agent.chains:
            node = (name, chain.start)
            if isinstance(chain.end, Route) and copied.come_to(node):
                mark = copied.before_end(name, chain).get(chain.end.header)
                if mark is not None and name not in fleet.unsure:
                    found[node].append(_of_route(graph, node, chain, mark))
    for link in fleet.links:
        node = link.sender.node
        if len(link.targets) < 2 or not copied.come_to(node) or node[0] in fleet.unsure:
            continue
        if not is_due_anyway(ways, link):
            found[node] += _of_link(link, copied.at(node))
    return found


def _of_route(graph: Graph, node: Node, chain: Chain, mark: Mark) -> _Fork:
    route, headers = chain.end, header_flow(graph).before_end(node[0], chain)
    assert isinstance(route, Route)
    possible = (
        edge.end for edge in graph.outgoing.get(node, ())
        if edge.chain is chain and edge.arm is not None
        if taken(headers, route, edge.arm)[route.header].values != frozenset()
    )  # fmt: skip
    return _Fork(
        frozenset(possible),
        place_of(route.header, route.span),
        f"by `{shown(route.header)}`, which {mark.said}",
        mark.cause,
        mark.span,
        "route by a header that came with the event",
    )


def _of_link(link: Link, marks: Marks) -> Iterator[_Fork]:
    """Yield how a link to several agents parts copies, if it does."""
    policy, held = policy_of(link), link.values.get("policy")
    ends = frozenset(end.node for end in link.targets)
    if held is None or policy not in _CHOOSING:
        return
    cure = "`policy = hash(…)` of a header in the key, so that equal keys come to one agent"
    if (name := hashed_by(link)) is None:
        yield _Fork(ends, held.span, f"by `{policy}`", _CHOOSING[policy], None, cure)
    elif (mark := marks.get(name)) is not None:
        by = f"by `{shown(name)}`, which {mark.said}"
        yield _Fork(ends, place_of(name, held.span), by, mark.cause, mark.span, cure)
