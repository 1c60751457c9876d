"""The hosts of an agent in groups that no path tells apart, so that many cost no more than one."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from flumec.compiler.cuts.disks import Disks
from flumec.compiler.facts import fact_of
from flumec.compiler.model import Fleet, Host


@dataclass(frozen=True, eq=False, slots=True)
class Alike:
    """Hosts of one agent: they send to the same hosts, are sent to by the same, and stand at one
    site; what lies on one disk on one of them does so on each.
    """

    agent: str
    hosts: tuple[Host, ...]

    @property
    def first(self) -> Host:
        """The one that speaks for all."""
        return self.hosts[0]


class Alikes:
    """Which hosts of each agent are alike.

    A host of several agents is like no other, since it takes all of them along; nor is one that
    events may come to twice.
    """

    def __init__(self, fleet: Fleet, disks: Disks) -> None:
        self._fleet, self._disks = fleet, disks
        self.crowded = Counter(
            host.name for agent in fleet.agents.values() for host in agent.hosts.hosts
        )
        self.entries: dict[str, set[str]] = defaultdict(set)
        self._facts: dict[str, set[str]] = defaultdict(set)
        for link in fleet.links:
            for end in link.targets:
                self.entries[end.agent].add(end.component)
            within = link.values.get("within")
            for end in (link.sender, *link.targets) if within is not None else ():
                self._facts[end.agent].add(str(within.value) if within is not None else "")
        self._of: dict[str, dict[str, Alike]] = {}

    def of(self, agent: str) -> Iterator[Alike]:
        """Yield the groups of an agent, in the order of its hosts."""
        return iter(dict.fromkeys(self._by_host(agent).values()))

    def holding(self, agent: str, host: str) -> Alike:
        """Return the group of a host."""
        return self._by_host(agent)[host]

    def _by_host(self, agent: str) -> dict[str, Alike]:
        if agent not in self._of:
            facts = sorted(self._facts.get(agent, ()))
            single = len(self.entries.get(agent, ())) > 1
            groups: dict[object, list[Host]] = {}
            declared = self._fleet.agents[agent]
            for host in declared.hosts.hosts:
                own = single or self.crowded[host.name] > 1
                site, shape = host.facts.get("site"), self._disks.shape(declared, host)
                shared = (site, shape, *(fact_of(path, host) for path in facts))
                groups.setdefault(host.name if own else shared, []).append(host)
            made = [Alike(agent, tuple(hosts)) for hosts in groups.values()]
            self._of[agent] = {host.name: alike for alike in made for host in alike.hosts}
        return self._of[agent]
