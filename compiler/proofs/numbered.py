"""Sources whose events are the same wherever they run, and keys that do not tell them apart.

Only such a source is known to have equal events that are no copies. Of a log, or of what clients
send, a claim assumes that a key is of one event.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from flumec.compiler.choice import within_of
from flumec.compiler.facts import fact_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Host, Link
from flumec.compiler.proofs.chance import NEVER
from flumec.compiler.proofs.claim import Origin
from flumec.compiler.proofs.key import Key
from flumec.compiler.proofs.way import Way, Ways

_SEVERAL = 2


Origins = frozenset[Origin]


def sharing(
    ways: Ways, keyed: Iterable[tuple[Node, Node, Key]]
) -> Mapping[tuple[Node, Node], Origins]:
    """Return, by source and sink, where events come from that one host of the sink takes for copies
    of each other: two origins at least. `keyed` are sources whose events are the same wherever they
    run, each with a sink and the key that this has of them.
    """
    alike: dict[tuple[Node, object], list[Node]] = defaultdict(list)
    for source, sink, key in keyed:
        if _is_of_body_alone(key):
            alike[sink, key.made].append(source)
    found: dict[tuple[Node, Node], Origins] = {}
    for (sink, _), sources in alike.items():
        met = _met(ways, sources, sink)
        found |= {(source, sink): met for source in {origin.source for origin in met}}
    return found


def _is_of_body_alone(key: Key) -> bool:
    """Return whether a key is the same of all events with one body that come with no header."""
    first = key.at_first(frozenset(), frozenset())
    told_apart = key.tag or key.host != NEVER or key.differs  # clocks may show one time
    return first is not None and first.content and not told_apart


def _met(ways: Ways, sources: Iterable[Node], sink: Node) -> Origins:
    """Return the origins of which one host of a sink has events, of the first that has several."""
    at: dict[Node, dict[str, Origins]] = {
        source: {host.name: frozenset({Origin(source, host.name)}) for host in _hosts(ways, source)}
        for source in sources
    }
    waiting = deque(at)
    while waiting:
        node = waiting.popleft()
        for way in ways.out(node):
            there = at.setdefault(way.end, {})
            more = {
                host: joined
                for host, come in _along(ways, way, at[node])
                if (joined := there.get(host, frozenset()) | come) != there.get(host)
            }
            if more:
                there |= more
                waiting.append(way.end)
    return next((met for met in at.get(sink, {}).values() if len(met) >= _SEVERAL), frozenset())


def _along(ways: Ways, way: Way, at: Mapping[str, Origins]) -> Iterator[tuple[str, Origins]]:
    """Yield where events come to by a way, with where they are from."""
    if way.link is None:
        yield from at.items()
        return
    near: dict[object, set[Origin]] = defaultdict(set)
    for host in _hosts(ways, way.start):
        near[_place(way.link, host)] |= at.get(host.name, frozenset())
    come = {place: frozenset(met) for place, met in near.items() if met and place is not None}
    for host in _hosts(ways, way.end):
        if (place := _place(way.link, host)) in come:
            yield host.name, come[place]


def _place(link: Link, host: Host) -> object:
    """Return what the hosts at both ends have in common that send to each other; None: such a host
    sends to nobody.
    """
    within = within_of(link)
    return "" if within is None else fact_of(within, host)


def _hosts(ways: Ways, node: Node) -> Sequence[Host]:
    return ways.fleet.agents[node[0]].hosts.hosts
