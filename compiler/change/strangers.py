"""Agents of other flows on hosts of a new build: installing it would stop them, and asks first."""

from collections.abc import Iterator

from flumec.compiler.change.fleet import Fleet
from flumec.runtime.frozen import frozen


@frozen
class Stranger:
    """An agent that a .flow file declares which the new build is not made from."""

    agent: str
    flow: str
    hosts: tuple[str, ...]


def strangers(old: Fleet, new: Fleet) -> Iterator[Stranger]:
    """Yield those that run where something is to be installed, as the installer tells them.

    An agent that its own flow has no more was taken out by somebody, and is stopped unasked.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for host, agents in old.hosts.items():
        for agent in agents if host in new.hosts else ():
            flow = old.flows.get(agent)
            if agent not in new.hosts[host] and flow is not None and flow not in new.inputs:
                found.setdefault((agent, flow), []).append(host)
    yield from (Stranger(agent, flow, tuple(hosts)) for (agent, flow), hosts in found.items())
