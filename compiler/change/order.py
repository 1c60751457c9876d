"""In which order hosts are installed: receivers before senders, so that no link is dialled in vain.

Hosts with the same agents are one class; a wave is every class whose receivers are all in earlier
ones. A circle, hosts that send to each other, shares a wave: its order is left to who installs.
"""

from collections.abc import Container, Iterator

from flumec.compiler.change.fleet import Fleet
from flumec.compiler.graph import Graph
from flumec.runtime.frozen import frozen

_Class = tuple[str, ...]
"""The names of a host's agents, sorted."""


@frozen
class Wave:
    """Hosts that are installed at one time; those of a circle send to each other."""

    hosts: tuple[str, ...]
    circle: bool = False


def waves(new: Fleet, old: Fleet | None = None, only: Container[str] | None = None) -> list[Wave]:
    """Return the order of a fleet's hosts, or of some of them.

    Where a link goes that `old` had, its senders come first: what they no longer send to may go.
    """
    classes = {host: _class(new, old, host) for host in new.hosts if only is None or host in only}
    names = list(dict.fromkeys(classes.values()))
    forward = set(_edges(new, classes, set()))
    layers = _layers(names, forward)
    if old is not None:
        kept = {link for _, _, agent in new.every() for link in agent["sends"]}
        backward = {(end, start) for start, end in _edges(old, classes, kept)}
        both = _layers(names, forward | (backward - {(b, a) for a, b in forward}))
        if _circles(both) == _circles(layers):
            layers = both
    hosts: dict[_Class, list[str]] = {}
    for host, members in classes.items():
        hosts.setdefault(members, []).append(host)
    return [
        Wave(tuple(host for each in layer for host in hosts[each]), circle)
        for layer, circle in layers
    ]


def _class(new: Fleet, old: Fleet | None, host: str) -> _Class:
    before = old.hosts.get(host, {}) if old is not None else {}
    return tuple(sorted({*new.hosts[host], *before}))


def _edges(
    fleet: Fleet, classes: dict[str, _Class], without: Container[str]
) -> Iterator[tuple[_Class, _Class]]:
    """Yield (receivers, senders) of every link that is not in `without`."""
    seen: set[tuple[_Class, str]] = set()
    for host, agents in fleet.hosts.items():
        for digest in agents.values():
            here = classes.get(host)
            if here is None or (here, digest) in seen:
                continue
            seen.add((here, digest))
            for link, half in fleet.agents[digest]["sends"].items():
                if link not in without:
                    for there in {classes[peer] for peer in half["peers"] if peer in classes}:
                        yield there, here


def _layers(
    names: list[_Class], edges: set[tuple[_Class, _Class]]
) -> list[tuple[list[_Class], bool]]:
    """Return the layers, and whether there is a circle in each: only there are edges within."""
    keys = {each: "\n".join(each) for each in names}
    back = {key: each for each, key in keys.items()}
    drawn = [(keys[a], keys[b]) for a, b in sorted(edges)]
    found = Graph.layers([keys[each] for each in names], drawn)
    level = {key: number for number, layer in enumerate(found) for key in layer}
    circular = {level[a] for a, b in drawn if level[a] == level[b]}
    return [
        ([back[key] for key in layer], number in circular) for number, layer in enumerate(found)
    ]


def _circles(layers: list[tuple[list[_Class], bool]]) -> int:
    return sum(circle for _, circle in layers)
