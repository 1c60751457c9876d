"""Files that a sink writes and a source of its host follows: a way of events past the graph."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from flumec.compiler import followers, written
from flumec.compiler.globs import in_both
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Agent, Fleet, Host
from flumec.compiler.source import Span

_Placed = list[tuple[Host, Agent]]


class Followed(NamedTuple):
    """A source follows what a sink of its host writes."""

    sink: Node
    source: Node
    host: str
    file: str
    """Such a file."""
    unreadable: str
    """Why they are no lines of text, behind `which`; nothing where they are."""
    hidden: bool
    """Whether it follows only what is not published yet."""
    written: Span
    """Where the sink's directory is said."""
    meant: Span
    """Where the source's patterns are."""


class Onward:
    """From what is followed to what is followed next, of the same events."""

    def __init__(self, found: Sequence[Followed], graph: Graph) -> None:
        self._by_sink: dict[Node, list[Followed]] = defaultdict(list)
        for one in found:
            self._by_sink[one.sink].append(one)
        self._graph = graph
        self._sinks: dict[Node, list[Node]] = {}
        self._sources = {
            sink: list(dict.fromkeys(one.source for one in each))
            for sink, each in self._by_sink.items()
        }
        self._written: dict[Node, set[Node]] = {}

    def from_source(self, source: Node) -> Iterator[Followed]:
        """Yield what is followed of the sinks that a source's events come to."""
        for sink in self._sinks_of(source):
            yield from self._by_sink[sink]

    def _sinks_of(self, source: Node) -> list[Node]:
        if source not in self._sinks:
            reached = self._graph.reachable([source]) & self._by_sink.keys()
            self._sinks[source] = sorted(reached)
        return self._sinks[source]

    def after(self, one: Followed) -> Iterator[Followed]:
        """Yield what is followed next: in one agent on the same host, by a link on any."""
        for following in self.from_source(one.source):
            if following.sink[0] != one.source[0] or following.host == one.host:
                yield following

    def circle(self, one: Followed) -> tuple[Followed, ...]:
        """Return a shortest way from what is followed back to it; nothing if none is."""
        if one.sink not in self._written_after(one.source):  # whatever the hosts: most are told so
            return ()
        return self.shortest([one], lambda last: one in self.after(last))

    def _written_after(self, source: Node) -> set[Node]:
        """Return the sinks that a source's events come to, by files of any host too."""
        if source not in self._written:
            found: set[Node] = set()
            sources = [source]
            for one in sources:
                new = set(self._sinks_of(one)) - found
                found |= new
                sources += [further for sink in new for further in self._sources[sink]]
            self._written[source] = found
        return self._written[source]

    def shortest(
        self, starts: Iterable[Followed], done: Callable[[Followed], bool]
    ) -> tuple[Followed, ...]:
        """Return a shortest way from one of `starts` to one that is `done`; nothing if none is."""
        ways: list[tuple[Followed, ...]] = [(start,) for start in starts]
        seen = {way[-1] for way in ways}
        for way in ways:
            if done(way[-1]):
                return way
            for following in self.after(way[-1]):
                if following not in seen:
                    seen.add(following)
                    ways.append((*way, following))
        return ()


def followed(fleet: Fleet, _graph: Graph) -> tuple[Followed, ...]:
    """Return them, host by host; of hosts that are alike, those of the first."""
    agents = fleet.agents.values()
    writing = [agent for agent in agents if any(written.writers(agent))]
    sides: dict[str, tuple[_Placed, _Placed]] = defaultdict(lambda: ([], []))
    for agent in writing:
        for host in agent.hosts.hosts:
            sides[host.name][0].append((host, agent))
    for agent in agents if writing else ():
        if any(followers.followers(agent)):
            for host in agent.hosts.hosts:
                if host.name in sides:
                    sides[host.name][1].append((host, agent))
    found: list[Followed] = []
    seen: set[tuple[tuple[str, ...], ...]] = set()
    for writes, follows in sides.values():
        alike = tuple(tuple(agent.name for _, agent in side) for side in (writes, follows))
        if alike not in seen and follows:
            if not _differs(writes, follows):
                seen.add(alike)
            found += _on_host(writes, follows)
    return tuple(found)


def _differs(writes: _Placed, follows: _Placed) -> bool:
    """Whether any of the files has another name on another host; all have the host's in theirs."""
    sinks = (sink for _, agent in writes for sink in written.writers(agent))
    sources = (source for _, agent in follows for source in followers.followers(agent))
    return any(map(written.differs, sinks)) or any(map(followers.differs, sources))


def _on_host(writes: _Placed, follows: _Placed) -> Iterator[Followed]:
    files = [
        made
        for host, agent in writes
        for sink in written.writers(agent)
        if (made := written.written(sink, agent.name, host)) is not None
    ]
    patterns = [
        pattern
        for host, agent in follows
        for pattern in followers.patterns_of([*followers.followers(agent)], agent.name, host)
    ]
    for made in files:
        yield from _of_sink(made, patterns, writes[0][0].name)


def _of_sink(
    made: written.Written, patterns: Sequence[followers.Pattern], host: str
) -> Iterator[Followed]:
    """Yield the sources that follow a sink's files, each once."""
    said: set[Node] = set()
    for pattern in patterns:
        file = in_both(pattern.text, made.pattern)
        if file is not None and in_both(pattern.text, made.example) is not None:
            file = made.example
        hidden = None if file is not None else in_both(pattern.text, made.hidden)
        file = file or hidden
        if file is not None and pattern.node not in said:
            said.add(pattern.node)
            unreadable = "are not published yet" if hidden else made.unreadable
            yield Followed(
                made.node,
                pattern.node,
                host,
                file,
                unreadable,
                hidden is not None,
                made.span,
                pattern.span,
            )
