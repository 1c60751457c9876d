"""What one put may bring, and what one file may hold, against the channel that it lies in."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.model import Agent, Component, Fleet, Link
from flumec.compiler.proofs.room import size_of
from flumec.compiler.source import Span
from flumec.runtime.component import Source
from flumec.runtime.quantity import Size


class LargerThanChannel(Diagnostic, code="FL913", severity="warning"):
    """What a source puts at once may be larger than the channel that it goes into.

    A put is stored whole or not at all, and a link brings it on as it is, if its `largest_frame`
    lets it. One that is larger than the whole channel is let in only while that is empty: source
    and sink then take turns, each waiting for the other, and a channel that rejects, or is
    optional, refuses what comes while anything is in it.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clicks : http {
        port = 8080
        bind = "127.0.0.1"
        max_body = 16MiB
      }

      channel spool : memory {
        size = 1MiB
      }

      sink out : null

      clicks -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clicks : http {
        port = 8080
        bind = "127.0.0.1"
        max_body = 16MiB
      }

      channel spool : memory {
        size = 64MiB
      }

      sink out : null

      clicks -> spool
      spool -> out
    }
    ```
    """

    source: str
    """Which source; by its agent and name where its events come by a link."""
    most: Size
    bound: str
    channel: str
    room: Size
    place: Span
    refuses: bool
    link: Span | None = None

    @property
    def message(self) -> str:
        return (
            f"`{self.source}` puts up to {self.most} at once, and `{self.channel}` holds "
            f"{self.room}"
        )

    @property
    def label(self) -> str:
        end = "is refused else" if self.refuses else "waits until then"
        return f"a large put fits while it is empty, and {end}"

    @property
    def hint(self) -> str:
        needed = Size(4 * self.most)
        return f"room for several puts, `size = {needed}`; or a smaller `{self.bound}`"

    @property
    def places(self) -> tuple[Place, ...]:
        source = Place(self.place, f"the source: `{self.bound}`")
        return (
            (source,)
            if self.link is None
            else (source, Place(self.link, "the link that brings it"))
        )


class _Put(NamedTuple):
    """The most that a source puts at once: how much, by which property, and where that stands."""

    most: Size
    bound: str
    place: Span


class _Room(NamedTuple):
    """How much a channel holds, where that is said, and whether it rejects what has no room."""

    size: Size
    span: Span
    rejects: bool


def check_fitting(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels that one put of a source does not fit into, also where a link brings it."""
    puts = {
        (agent.name, one.name): put
        for agent in fleet.agents.values()
        for one in agent.components.values()
        if (put := _put(agent, one)) is not None
    }
    largest = max((put.most for put in puts.values()), default=0)
    small = [
        ((agent.name, channel.name), room)
        for agent in fleet.agents.values()
        for channel in agent.components.values()
        if (room := _room(agent, channel)) is not None and room.size < largest
    ]
    brought = _Brought(fleet, graph, puts) if small else None
    for node, room in small:
        yield from _from_sources(graph, puts, node, room)
        if brought is not None and (found := brought.by_links(node)) is not None:
            yield from _by_link(found, puts, node, room)


def _put(agent: Agent, source: Component) -> _Put | None:
    declared = source.declaration
    if declared is None or not issubclass(declared, Source) or not declared.largest:
        return None
    for host in agent.hosts.hosts[:1]:
        if (held := complete(declared, source.values, host)) is not None:
            bound = max(declared.largest, key=lambda name: held[name])
            written = source.values.get(bound)
            return _Put(held[bound], bound, written.span if written else source.name_span)
    return None


def _room(agent: Agent, channel: Component) -> _Room | None:
    """Return what a channel holds whose size is said; one of an unknown type was reported."""
    size = channel.values.get("size")
    if channel.kind != "channel" or channel.declaration is None or size is None:
        return None
    for host in agent.hosts.hosts[:1]:
        if (held := complete(channel.declaration, channel.values, host)) is not None:
            return _Room(size_of(held), size.span, held["when_full"] == "reject")
    return None


def _from_sources(
    graph: Graph, puts: Mapping[Node, _Put], node: Node, room: _Room
) -> Iterator[LargerThanChannel]:
    """Yield the sources of its agent that put more at once than a channel holds."""
    for edge in graph.writers(node):
        put = puts.get(edge.start)
        if edge.kind == "chain" and put is not None and put.most > room.size:
            yield LargerThanChannel(
                room.span, edge.start[1], put.most, put.bound, node[1], room.size, put.place,
                edge.optional or room.rejects,
            )  # fmt: skip


class _Arrival(NamedTuple):
    """The most that comes to a component at once, the source of it, and the link, if any."""

    most: Size
    source: Node
    link: Link | None = None


class _Brought:
    """What comes to each component at once, from whatever source, at most."""

    def __init__(self, fleet: Fleet, graph: Graph, puts: Mapping[Node, _Put]) -> None:
        self._graph = graph
        self._links = {link.sender.node: link for link in fleet.links}
        self._most: dict[Node, _Arrival] = {}
        nodes = {node for edge in graph.edges for node in (edge.start, edge.end)}
        for node in reversed(graph.upstream_last(nodes)):
            ways = [_Arrival(puts[node].most, node)] if node in puts else []
            ways += [way for edge in graph.writers(node) if (way := self._by(edge)) is not None]
            if ways:
                self._most[node] = max(ways, key=lambda way: way[:2])

    def _by(self, edge: Edge) -> _Arrival | None:
        way, link = self._most.get(edge.start), self._links.get(edge.start)
        if way is None or edge.kind == "misplaced":
            return None
        if edge.kind == "link" and link is not None:
            return _Arrival(min(way.most, _frame(link)), way.source, link)
        return way

    def by_links(self, node: Node) -> _Arrival | None:
        """Return the most that links bring into a channel, or into a source that feeds it."""
        entries = [node, *(e.start for e in self._graph.writers(node) if e.kind == "chain")]
        edges = (edge for entry in entries for edge in self._graph.writers(entry))
        ways = [way for edge in edges if edge.kind == "link" and (way := self._by(edge))]
        return max(ways, key=lambda way: way[:2], default=None)


def _by_link(
    way: _Arrival, puts: Mapping[Node, _Put], node: Node, room: _Room
) -> Iterator[LargerThanChannel]:
    """Yield that a channel does not hold what a link brings at once."""
    if way.most > room.size and way.link is not None:
        put = puts[way.source]
        yield LargerThanChannel(
            room.span, ".".join(way.source), way.most, put.bound, node[1], room.size, put.place,
            False, way.link.sender.span,
        )  # fmt: skip


def _frame(link: Link) -> Size:
    """Return the largest that a link sends at once; it cuts what is larger."""
    held = link.values.get("largest_frame")
    return Size("64MiB") if held is None or not isinstance(held.value, Size) else held.value
