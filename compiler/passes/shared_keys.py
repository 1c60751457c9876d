"""Keys by which copies are known: each is of one event, and its copies have the same."""

from collections.abc import Iterator

from flumec.compiler.choice import policy_of
from flumec.compiler.deduplicated import deduplicated, key_headers
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.headers.known import Headers
from flumec.compiler.headers.steps import shown
from flumec.compiler.model import Fleet, Settings
from flumec.compiler.passes.copies import meetings
from flumec.compiler.proofs.tags import have_one_tag
from flumec.compiler.proofs.way import ways_of
from flumec.compiler.source import Span
from flumec.runtime.component import Source


class KeyOfMany(Diagnostic, code="FL345"):
    """The key of a `dedup` is the same of many events that are no copies.

    The name of a host, a fixed value, or the time at which a batch of events came tells no event
    from its neighbour. All but the first would be left out as its copies, and so be lost.

    ## Example

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = drop
        }
      }

      trades -> timestamp(header = header.id) -> inbox
      inbox -> ledger
    }
    ```

    ## Instead

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = drop
        }
      }

      trades -> fingerprint(header.id, of = [header.seq, body]) -> inbox
      inbox -> ledger
    }
    ```
    """

    sink: str
    names: tuple[str, ...]
    setters: tuple[Span, ...]

    @property
    def message(self) -> str:
        names = " and ".join(f"`{shown(name)}`" for name in self.names)
        verb = "is" if len(self.names) == 1 else "are"
        return f"events that are no copies share a key at `{self.sink}`: {names} {verb} of many"

    @property
    def hint(self) -> str:
        return "make the key from what an event alone has: an id of its client, or a `fingerprint`"

    @property
    def notes(self) -> tuple[str, ...]:
        return ("of the events with one key the first is written, all others are left out",)

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(span, "many events get this value") for span in self.setters)


class TagOfItsOwn(Diagnostic, code="FL343", severity="warning"):
    """A `dedup` goes by the tag, and no event comes twice with one tag.

    The tag is given by the first journal that stores an event. What a client sends twice is stored
    twice, with two tags, on one machine or on two; and so is what a source sends by two chains, or
    beside a link whose `hash` chooses. One tag comes twice only where a chain leads into several
    channels whose ways meet, where all that a link brings is copied, or where a link or a group
    gives to another what the first one may have.

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

      trades -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = tag
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

      trades -> fingerprint(header.id, of = [header.seq, body]) -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"

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

    sink: str
    sources: tuple[Place, ...]

    @property
    def message(self) -> str:
        return f"no event comes to `{self.sink}` twice with one tag: there is nothing to leave out"

    @property
    def hint(self) -> str:
        return (
            "for what clients send twice, a key from what they send: `fingerprint(header.id, of = "
            "[…])`; for copies that part at a source, one chain that ends in all of their "
            "channels; else take the `dedup` out"
        )

    @property
    def places(self) -> tuple[Place, ...]:
        return self.sources


def check_shared_keys(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield keys that many events share, and tags that no two have."""
    for node, held in deduplicated(fleet):
        key = held.value.values.get("key") if isinstance(held.value, Settings) else None
        if key is None:
            continue
        names, sink = key_headers(held), f"{node[0]}.{node[1]}"
        headers = header_flow(graph).at(node)
        if shared(headers, names):
            setters = tuple(span for name in names for span in headers[name].setters)
            yield KeyOfMany(key.span, sink, tuple(names), setters[:3])
        elif key.value == "tag" and not _repeated(fleet, graph, node):
            pushed = _pushed(fleet, graph.leading_to(node))
            found = {each.span: each for each in (*_parted(fleet, graph, node), *pushed)}
            if found:
                yield TagOfItsOwn(key.span, sink, tuple(found.values())[:3])


def shared(headers: Headers, names: list[str]) -> bool:
    """Return whether many events have one value in all of some headers."""
    return bool(names) and all(
        headers[name].alike and not headers[name].never and not headers[name].client
        for name in names
    )


def _repeated(fleet: Fleet, graph: Graph, sink: Node) -> bool:
    """Whether one tag may come to a sink twice: by two ways, or by two peers or members."""
    before, ways = graph.leading_to(sink), graph.derived(ways_of)
    several = ("failover", "balance", "all")
    for link in fleet.links:
        here = link.sender.node in before
        if here and policy_of(link) in several:
            return True
    if any(reader.kind == "group" for node in before for reader in graph.readers.get(node, ())):
        return True
    return any(have_one_tag(ways, one, two) for one, two in _met(fleet, graph, sink))


def _met(fleet: Fleet, graph: Graph, sink: Node) -> Iterator[tuple[Edge, Edge]]:
    """Yield the edges by which copies leave a source that meet on their way to a sink."""
    before = graph.leading_to(sink)
    for node in sorted(before):
        if fleet.agents[node[0]].components[node[1]].kind == "source":
            for two, one in meetings(fleet, graph, graph.outgoing.get(node, ())):
                if two.last.end in before:
                    yield one.first, two.first


def _parted(fleet: Fleet, graph: Graph, sink: Node) -> Iterator[Place]:
    """Yield the sources of which copies come to a sink, with two tags."""
    said = dict.fromkeys(one.start for one, _ in _met(fleet, graph, sink))
    for agent, name in said:
        label = f"each copy of an event of `{agent}.{name}` gets a tag of its own"
        yield Place(fleet.agents[agent].components[name].name_span, label)


def _pushed(fleet: Fleet, nodes: set[Node]) -> Iterator[Place]:
    """Yield the sources among some components that clients send to, in the files' order."""
    for agent in fleet.agents.values():
        for component in agent.components.values():
            declared = component.declaration
            if (agent.name, component.name) not in nodes or declared is None:
                continue
            if issubclass(declared, Source) and _is_told(declared):
                name = f"{agent.name}.{component.name}"
                yield Place(component.name_span, f"each event of `{name}` gets a tag of its own")


def _is_told(source: type[Source]) -> bool:
    """Whether clients send to it what nobody can read again; a link's rows have their tags."""
    return source.start == "acknowledgement" and not source.replayable
