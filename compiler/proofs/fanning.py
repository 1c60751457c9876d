"""The hosts at both ends of a link: whether a sender has several peers, a receiver several senders.

Counted by the fact that `within` names, so that it costs no more than the hosts there are.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence

from flumec.compiler.choice import within_of
from flumec.compiler.facts import fact_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Agent, End, Fleet, Host, Link


def has_several_peers(fleet: Fleet, link: Link) -> bool:
    """Return whether some host of the sender has more than one peer."""
    return most_peers(fleet, link) > 1


def has_several_senders(fleet: Fleet, link: Link) -> bool:
    """Return whether some receiving host may be sent to by more than one host of the sender."""
    return _most_met(link, receivers(fleet, link), _senders(fleet, link)) > 1


def most_peers(fleet: Fleet, link: Link, end: End | None = None) -> int:
    """Return how many peers a host of the sender has, at most; those at one of its targets."""
    there = receivers(fleet, link) if end is None else _hosts(fleet.agents.get(end.agent))
    return _most_met(link, _senders(fleet, link), there)


def most_alike(fleet: Fleet, link: Link, end: End, key: Callable[[Host], Hashable]) -> int:
    """Return how many peers of a host of the sender are alike by a key, at most, at a target; those
    without a key are not counted.
    """
    alike = defaultdict[Hashable, list[Host]](list)
    for host in _hosts(fleet.agents.get(end.agent)):
        alike[key(host)].append(host)
    alike.pop(None, None)
    met = (_most_met(link, _senders(fleet, link), hosts) for hosts in alike.values() if hosts[1:])
    return max(met, default=min(len(alike), 1))


def receivers(fleet: Fleet, link: Link) -> Sequence[Host]:
    """Return all hosts that a link leads to, of each target."""
    return [host for end in link.targets for host in _hosts(fleet.agents.get(end.agent))]


def reached(fleet: Fleet, link: Link) -> Mapping[str, frozenset[Node]]:
    """Return at which of a link's targets each host of the sender has peers, by its name."""
    shared, nodes = within_of(link), defaultdict[Hashable, set[Node]](set)
    for end in link.targets:
        for host in _hosts(fleet.agents.get(end.agent)):
            fact = shared and fact_of(shared, host)
            if shared is None or fact is not None:
                nodes[fact].add(end.node)
    facts = {host.name: shared and fact_of(shared, host) for host in _senders(fleet, link)}
    return {name: frozenset(nodes[fact]) for name, fact in facts.items()}


def _most_met(link: Link, here: Sequence[Host], there: Sequence[Host]) -> int:
    shared = within_of(link)
    if shared is None:
        return len(there)
    many = Counter(fact for host in there if (fact := fact_of(shared, host)) is not None)
    return max((many[fact_of(shared, host)] for host in here), default=0)


def _senders(fleet: Fleet, link: Link) -> Sequence[Host]:
    return _hosts(fleet.agents.get(link.sender.agent))


def _hosts(agent: Agent | None) -> Sequence[Host]:
    return () if agent is None else agent.hosts.hosts
