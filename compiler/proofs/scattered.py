"""Whether copies of an event may come to a sink on several hosts, each of which knows its own keys.

An event is *due* at a host that nothing chose for it: by `policy = all`, or as its sender's only
peer. A copy of it there is no copy too many, and further ones come to where it is known. Where a
link chooses, copies stay together only if all choose alike, by a header of the key; or if from all
that it chooses from they come to the same sink.
"""

from collections.abc import Mapping, Sequence

from flumec.compiler.choice import covers, hashed_by, policy_of, within_of
from flumec.compiler.deduplicated import key_headers
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.making import set_by
from flumec.compiler.headers.steps import keeps
from flumec.compiler.model import Fleet, Link, Value
from flumec.compiler.proofs.fanning import has_several_peers, receivers
from flumec.compiler.proofs.naming import is_given
from flumec.compiler.proofs.places import Places
from flumec.compiler.proofs.way import Way, Ways, ways_of


class ScatteredBySource:
    """Asked source by source, as no other events than its own can be copies of them; but what
    clients give to one source they may give to another one as well. Made with `Graph.derived`.
    """

    def __init__(self, _: Fleet, graph: Graph) -> None:
        self._ways, self._places = graph.derived(ways_of), graph.derived(Places)
        self._of: dict[frozenset[Node], Scattered] = {}
        self._groups: dict[Node, Mapping[Node, frozenset[Node]]] = {}

    def reason(self, sink: Node, dedup: Value, source: Node | None = None) -> str:
        """Return how copies with the key of a `dedup` may come to a sink on several hosts, those of
        one source or of any: a clause; "" if they cannot.
        """
        if sink not in self._groups:
            self._groups[sink] = self._grouped(sink)
        groups, key = self._groups[sink], key_headers(dedup)
        asked = dict.fromkeys(groups.values()) if source is None else (groups[source],)
        return next(filter(None, (self._among(each).reason(sink, key) for each in asked)), "")

    def _grouped(self, sink: Node) -> Mapping[Node, frozenset[Node]]:
        """Return for each source before a sink those whose events may be copies of its own."""
        declared = {node: self._ways.source(node) for node in self._ways.before(sink)}
        given = frozenset(node for node, each in declared.items() if each and is_given(each))
        sources = (node for node, each in declared.items() if each is not None)
        return {node: given if node in given else frozenset({node}) for node in sources}

    def _among(self, sources: frozenset[Node]) -> "Scattered":
        if sources not in self._of:
            self._of[sources] = Scattered(Ways(self._ways.fleet, self._places.taken(sources)))
        return self._of[sources]


class Scattered:
    """Asked of the events that take some ways."""

    def __init__(self, ways: Ways) -> None:
        self._fleet, self._ways = ways.fleet, ways
        self._known: dict[tuple[Node, tuple[str, ...]], str] = {}

    def reason(self, node: Node, key: Sequence[str]) -> str:
        """Return how copies with one key, of these headers or the tag, may come to a component on
        several hosts: a clause; "" if they cannot.
        """
        asked = node, tuple(key)
        if asked not in self._known:
            self._known[asked] = ""  # events that circle come to where they were
            self._known[asked] = self._reason(node, key)
        return self._known[asked]

    def _reason(self, node: Node, key: Sequence[str]) -> str:
        hosts = len(self._fleet.agents[node[0]].hosts.hosts)
        links, entering = self._coming(node)
        if hosts > 1 and entering:
            return f"events enter on {hosts} hosts, and each knows its own only"
        chosen = [link for link in links if not self.is_due_anyway(link)]
        for link in chosen:
            if why := self._scatters(link, key, node):
                return why
        if why := self._parted_before(node, key):
            return why
        for keyed in filter(self._chooses, chosen):
            if any(_choice(link) != _choice(keyed) and not covers(link, keyed) for link in chosen):
                return f"a link chooses among {self._count(keyed)} hosts, and another one otherwise"
        return ""

    def is_due_anyway(self, link: Link) -> bool:
        """Return whether each event that a link sends is due at each of its peers, by a copy that
        leaves the same steps for a link that sends one to all of them.
        """
        into = self._ways.into(link.sender.node)
        return bool(into) and all(self._has_due_copy(way, link) for way in into)

    def _has_due_copy(self, way: Way, link: Link) -> bool:
        edge = way.edge
        if edge is None or edge.chain is None or way.kind != "chain":
            return False
        return any(
            covers(onward.link, link)
            for beside in self._ways.out(way.start)
            if beside.edge is not None and beside.end != way.end
            if beside.edge.chain is edge.chain and beside.edge.arm is edge.arm
            for onward in self._ways.out(beside.end)
            if onward.link is not None
        )

    def _parted_before(self, node: Node, key: Sequence[str]) -> str:
        """Return how copies come to several agents of which only some lead to a component."""
        before = self._ways.before(node)
        ways = (way for end in before for way in self._ways.into(end))
        for link in {id(way.link): way.link for way in ways if way.link is not None}.values():
            whole = all(end.node in before for end in link.targets)
            if whole or self.is_due_anyway(link):
                continue
            if why := self._scatters(link, key, node):
                return why
        return ""

    def _is_by(self, link: Link, key: Sequence[str], node: Node) -> bool:
        """Return whether a link chooses by a header of the key, as it is at a component behind."""
        header = hashed_by(link)
        if header is None or header not in key:
            return False
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

    def _scatters(self, link: Link, key: Sequence[str], node: Node) -> str:
        if self._chooses(link) and not self._is_by(link, key, node):
            return f"a link chooses among {self._count(link)} hosts for each event"
        apart = "within" in link.values and self._count(link) > 1
        if apart and self.reason(link.sender.node, key):
            return f"copies come to several hosts of `{link.sender.agent}`, and go on from each"
        return ""

    def _chooses(self, link: Link) -> bool:
        return policy_of(link) != "all" and has_several_peers(self._fleet, link)

    def _count(self, link: Link) -> int:
        return len(receivers(self._fleet, link))

    def _coming(self, node: Node) -> tuple[list[Link], bool]:
        """Return the links that events come by to a component's agent, and whether clients give
        them to a source of it; what a source reads is read again on its own host.
        """
        links: dict[int, Link] = {}
        seen, waiting, entering = {node}, [node], False
        while waiting:
            at = waiting.pop()
            source = self._ways.source(at)
            entering |= source is not None and is_given(source)
            for way in self._ways.into(at):
                if way.link is not None:
                    links[id(way.link)] = way.link
                elif way.start not in seen:
                    seen.add(way.start)
                    waiting.append(way.start)
        return list(links.values()), entering


def _set_along(way: Way) -> frozenset[str]:
    """Return the headers that have another value behind a way than before it."""
    chain, arm = (None, None) if way.edge is None else (way.edge.chain, way.edge.arm)
    steps = [*(chain.steps if chain is not None else ()), *(arm.steps if arm is not None else ())]
    made = (set_by(step) for step in steps if step.declaration and not keeps(step))
    return frozenset[str]().union(*made)


def _choice(link: Link) -> tuple[object, ...]:
    """Return what links have in common that choose alike, or nothing at all."""
    return (
        hashed_by(link),
        within_of(link),
        frozenset(end.node for end in link.targets),
    )
