"""The hosts at both ends of a link: whether a sender has several peers, a receiver several senders.

Counted by the fact that `within` names, so that it costs no more than the hosts there are.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flumec.compiler.model import Agent, Fleet, Host, Link
from flumec.runtime.links.settings import Hash


def policy_of(link: Link) -> str:
    """Return how a link chooses among its peers; `single` where it says nothing."""
    held = link.values.get("policy")
    if held is None:
        return "single"
    return "hash" if isinstance(held.value, Hash) else str(held.value)


def has_several_peers(fleet: Fleet, link: Link) -> bool:
    """Return whether some host of the sender has more than one peer."""
    return _meets_several(link, _senders(fleet, link), _receivers(fleet, link))


def has_several_senders(fleet: Fleet, link: Link) -> bool:
    """Return whether some receiving host may be sent to by more than one host of the sender."""
    return _meets_several(link, _receivers(fleet, link), _senders(fleet, link))


def _meets_several(link: Link, here: Sequence[Host], there: Sequence[Host]) -> bool:
    within = link.values.get("within")
    if within is None:
        return len(there) > 1
    many = Counter(_fact(str(within.value), host) for host in there)
    return any(many[_fact(str(within.value), host)] > 1 for host in here)


def _senders(fleet: Fleet, link: Link) -> Sequence[Host]:
    return _hosts(fleet.agents.get(link.sender.agent))


def _receivers(fleet: Fleet, link: Link) -> Sequence[Host]:
    return [host for end in link.targets for host in _hosts(fleet.agents.get(end.agent))]


def _hosts(agent: Agent | None) -> Sequence[Host]:
    return () if agent is None else agent.hosts.hosts


def _fact(fact: str, host: Host) -> Any:
    """Return a host's fact; one that lacks it shares it with nobody."""
    _, _, name = fact.rpartition(".")
    if fact in ("name", "address", "index"):
        return getattr(host, fact)
    return (host.vars if fact.startswith("vars.") else host.facts).get(name, (host.name,))
