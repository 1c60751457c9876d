"""Whether copies of an event may come to a sink on several hosts, each of which knows its own keys.

An event is *due* at a host that nothing chose for it: by `policy = all`, or as its sender's only
peer. A copy of it there is no copy too many, and further ones come to where it is known. Where a
link chooses, copies stay together only if all choose alike, by a header of the key; or if from all
that it chooses from they come to the same sink.
"""

from collections.abc import Sequence

from flumec.compiler.choice import covers, hashed_by, policy_of, within_of
from flumec.compiler.deduplicated import key_headers
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import OURS
from flumec.compiler.headers.making import set_by
from flumec.compiler.headers.steps import keeps
from flumec.compiler.model import Fleet, Link, Value
from flumec.compiler.proofs.alike import likeness
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.effects import risks_of
from flumec.compiler.proofs.fanning import has_several_peers, receivers
from flumec.compiler.proofs.naming import is_given
from flumec.compiler.proofs.places import Places
from flumec.compiler.proofs.way import Way, Ways, ways_of


class ScatteredBySource:
    """Asked source by source, as events of no other one are copies of its own; made once for a
    fleet, with `Graph.derived`.
    """

    def __init__(self, _: Fleet, graph: Graph) -> None:
        self._ways, self._places = graph.derived(ways_of), graph.derived(Places)
        self._taken: dict[frozenset[Node], Ways] = {}
        self._known: dict[tuple[Node, frozenset[Node]], Scattered] = {}

    def of(self, sink: Node, dedup: Value, *sources: Node) -> "Scattered":
        """Return whether copies with the key of a `dedup`, of one event that clients may give to
        any of some sources, may come to a sink on several hosts.
        """
        among = frozenset(sources)
        if (sink, among) not in self._known:
            ways = self._by(among) if self._places.backwards else self._ways
            self._known[sink, among] = Scattered(ways, sink, key_headers(dedup))
        return self._known[sink, among]

    def _by(self, sources: frozenset[Node]) -> Ways:
        if sources not in self._taken:
            self._taken[sources] = Ways(
                self._ways.fleet, self._places.taken(sources), self._ways.lying
            )
        return self._taken[sources]

    def reason_of_any(self, sink: Node, dedup: Value) -> str:
        """Return how copies of an event may, that several clients may give to several sources."""
        declared = {node: self._ways.source(node) for node in self._ways.before(sink)}
        given = [node for node, each in declared.items() if each and is_given(each)]
        read = [[node] for node, each in declared.items() if each and not is_given(each)]
        for group in (given, *read):
            scattered = self.of(sink, dedup, *group)
            if scattered.reason:
                return scattered.reason
            if scattered.promised:
                return next(iter(scattered.promised.values()))
            if scattered.came:
                return f"a link chooses by `header.{min(scattered.came)}`, as clients send it"
        return ""


class Scattered:
    """Whether copies with one key, of some headers or the tag, may come to a sink on several hosts,
    of the events that take some ways.
    """

    def __init__(self, ways: Ways, sink: Node, key: Sequence[str]) -> None:
        self._fleet, self._ways, self._key = ways.fleet, ways, key
        self._known: dict[Node, str] = {}
        self.came: set[str] = set()
        """Headers by which links choose alike only if they came from clients alike."""
        self.promised: dict[str, str] = {}
        """How copies may come apart but for what clients promise, by that."""
        self.reason = self._reason(sink)
        """How they may: a clause; "" if they cannot."""

    def _reason(self, node: Node) -> str:
        """Return how copies may come to a component on several hosts."""
        if node not in self._known:
            self._known[node] = ""  # events that circle come to where they were
            self._known[node] = self._looked_for(node)
        return self._known[node]

    def _looked_for(self, node: Node) -> str:
        hosts = len(self._fleet.agents[node[0]].hosts.hosts)
        links, entering = self._coming(node)
        if hosts > 1 and entering:
            reason = f"events enter on {hosts} hosts, and each knows its own only"
            promise = self._promise(*entering)
            if not promise:
                return reason
            self.promised[promise] = reason
        chosen = [link for link in links if not is_due_anyway(self._ways, link)]
        for link in chosen:
            if why := self._scatters(link, node):
                return why
        if why := self._parted_before(node):
            return why
        others = {(policy_of(link), _choice(link)): link for link in chosen}.values()
        for keyed in {_choice(link): link for link in filter(self._chooses, chosen)}.values():
            if any(_choice(link) != _choice(keyed) and not covers(link, keyed) for link in others):
                return f"a link chooses among {self._count(keyed)} hosts, and another one otherwise"
        return ""

    def _parted_before(self, node: Node) -> str:
        """Return how copies come to several agents of which only some lead to a component."""
        before = self._ways.before(node)
        ways = (way for end in before for way in self._ways.into(end))
        for link in {id(way.link): way.link for way in ways if way.link is not None}.values():
            whole = all(end.node in before for end in link.targets)
            if whole or is_due_anyway(self._ways, link):
                continue
            if why := self._scatters(link, node):
                return why
        return ""

    def _is_by(self, link: Link, node: Node) -> bool:
        """Return whether a link chooses alike for all copies that have one key at a component."""
        header = hashed_by(link)
        if header is None:
            return False
        kept = frozenset(each for each in self._key if self._is_kept(link, each, node))
        found = likeness(self._ways, link.sender.node, header, kept)
        self.came |= {header} if found.if_it_came_so else set()
        return found.alike

    def _is_kept(self, link: Link, header: str, node: Node) -> bool:
        """Return whether a header is the same at a component as it is at a link before it."""
        before = self._ways.before(node)
        waiting = [end.node for end in link.targets if end.node in before]
        seen = set(waiting)
        while waiting:
            ways = [way for way in self._ways.out(waiting.pop()) if way.end in before]
            if any(header in _set_along(way) for way in ways):
                return False
            waiting += {way.end for way in ways} - seen
            seen.update(waiting)
        return True

    def _scatters(self, link: Link, node: Node) -> str:
        if self._chooses(link) and not self._is_by(link, node):
            return f"a link chooses among {self._count(link)} hosts for each event"
        apart = "within" in link.values and self._count(link) > 1
        if apart and self._reason(link.sender.node):
            return f"copies come to several hosts of `{link.sender.agent}`, and go on from each"
        return ""

    def _chooses(self, link: Link) -> bool:
        return policy_of(link) != "all" and has_several_peers(self._fleet, link)

    def _count(self, link: Link) -> int:
        return len(receivers(self._fleet, link))

    def _promise(self, source: Node, *others: Node) -> str:
        """Return why clients give an event to one host alone; "" where they may to another."""
        risks = () if others else risks_of(self._ways, source)
        return next((risk.unless for risk in risks if risk.failure is Failure.CLIENT_RETRIED), "")

    def _coming(self, node: Node) -> tuple[list[Link], list[Node]]:
        """Return the links that events come by to a component's agent, and the sources of it that
        clients give them to; what a source reads is read again on its own host.
        """
        links: dict[int, Link] = {}
        entering: list[Node] = []
        seen, waiting = {node}, [node]
        while waiting:
            at = waiting.pop()
            source = self._ways.source(at)
            entering += [at] if source is not None and is_given(source) else []
            for way in self._ways.into(at):
                if way.link is not None:
                    links[id(way.link)] = way.link
                elif way.start not in seen:
                    seen.add(way.start)
                    waiting.append(way.start)
        return list(links.values()), entering


def is_due_anyway(ways: Ways, link: Link) -> bool:
    """Return whether each event that a link sends is due at each of its peers, by a copy that
    leaves the same steps for a link that sends one to all of them.
    """
    into = ways.into(link.sender.node)
    return bool(into) and all(_has_due_copy(ways, way, link) for way in into)


def _has_due_copy(ways: Ways, way: Way, link: Link) -> bool:
    edge = way.edge
    if edge is None or edge.chain is None or way.kind != "chain":
        return False
    return any(
        covers(onward.link, link)
        for beside in ways.out(way.start)
        if beside.edge is not None and beside.end != way.end
        if beside.edge.chain is edge.chain and beside.edge.arm is edge.arm
        for onward in ways.out(beside.end)
        if onward.link is not None
    )


def _set_along(way: Way) -> frozenset[str]:
    """Return the headers that have another value behind a way than before it."""
    made = (set_by(step) for step in way.steps if step.declaration and not keeps(step))
    return frozenset[str](OURS if way.kind == "letters" else ()).union(*made)


def _choice(link: Link) -> tuple[object, ...]:
    """Return what links have in common that choose alike, or nothing at all."""
    return (
        hashed_by(link),
        within_of(link),
        frozenset(end.node for end in link.targets),
    )
