"""Whether the copies of an event are together on one host of an agent, or on several."""

from collections.abc import Hashable, Iterable, Sequence

from flumec.compiler.choice import hashed_by, within_of
from flumec.compiler.facts import alike, fact_of
from flumec.compiler.model import Fleet, Host, Link
from flumec.compiler.proofs.fanning import has_several_peers
from flumec.runtime.frozen import frozen


@frozen
class Whereabouts:
    """The hosts of an agent to which the copies of an event may come."""

    hosts: Sequence[Host]
    spot: Hashable = None
    """What stands for the one of them on which all copies are; None: each may be on another."""


def among(hosts: Sequence[Host], spot: Hashable = None) -> Whereabouts:
    """Return that copies are on some hosts; all on one of them if a spot is given."""
    return Whereabouts(hosts, hosts[0].name if len(hosts) == 1 else spot)


def joined(places: Iterable[Whereabouts]) -> Whereabouts:
    """Return where copies are of which one came by one way, and the other by another."""
    found = {place.spot or id(place.hosts): place for place in places if place.hosts}
    if len(found) == 1:
        return next(iter(found.values()))
    hosts = {host.name: host for place in found.values() for host in place.hosts}
    return among(tuple(hosts.values()))


def across(
    fleet: Fleet, link: Link, here: Whereabouts, there: Sequence[Host], same: Hashable
) -> Whereabouts:
    """Return to which hosts a link brings copies; `same` stands for the value by which it chooses,
    None where that may be another one on each copy.
    """
    shared, fact = within_of(link), here.spot
    if shared is not None:
        if fact is None:
            return among(there)
        if len(here.hosts) == 1:
            fact = fact_of(shared, here.hosts[0])
            there = [host for host in there if alike(shared, here.hosts[0], host)]
    where = None if shared is None else (shared, fact)
    if hashed_by(link) is not None and same is not None:
        ends = frozenset(end.node for end in link.targets)
        return among(there, (hashed_by(link), same, ends, where))
    if here.spot is not None and not has_several_peers(fleet, link):
        return among(there, (where,))
    return among(there)
