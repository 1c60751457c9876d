"""Which hosts a link leads to from a host, and which part of the events each of them gets."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from flumec.compiler.choice import policy_of, within_of
from flumec.compiler.facts import alike, fact_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Fleet, Host, Link

Machine = tuple[str, str]
"""An agent on a host, by their names."""


class Receiver(NamedTuple):
    """A receiving component on a host."""

    end: Node
    host: Host

    @property
    def machine(self) -> Machine:
        """The agent there."""
        return self.end[0], self.host.name

    @property
    def weight(self) -> int:
        """Its part where work is shared."""
        return int(self.host.facts.get("weight", 1))


class Peers:
    """The links of a fleet, asked host by host; each list of receivers is made once, and so is the
    table of an agent's hosts.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._hosts: dict[str, Mapping[str, Host]] = {}
        self._links: dict[Node, Link] = {}
        self._everyone: dict[int, list[Receiver]] = {}
        self._near: dict[tuple[int, object], list[Receiver]] = {}
        self._balanced: dict[Node, list[Link]] = defaultdict(list)
        for link in fleet.links:
            self._links.setdefault(link.sender.node, link)
            if policy_of(link) == "balance":
                for end in link.targets:
                    self._balanced[end.node].append(link)
            self._everyone[id(link)] = [
                Receiver(end.node, host)
                for end in link.targets
                if end.agent in fleet.agents
                for host in fleet.agents[end.agent].hosts.hosts
            ]

    def link_from(self, node: Node) -> Link | None:
        """Return the link that a channel leads to."""
        return self._links.get(node)

    def balanced_to(self, node: Node) -> Sequence[Link]:
        """Return the links that have a component share their work with others."""
        return self._balanced.get(node, ())

    def hosts(self, agent: str) -> Mapping[str, Host]:
        """Return the hosts of an agent by their names."""
        if agent not in self._hosts:
            hosts = self.fleet.agents[agent].hosts.hosts
            self._hosts[agent] = {host.name: host for host in hosts}
        return self._hosts[agent]

    def near(self, link: Link, host: Host) -> Sequence[Receiver]:
        """Return the receivers that a host may send to, as the file has them; hosts that are at
        one place get the same list.
        """
        within = within_of(link)
        if within is None:
            return self._everyone[id(link)]
        key = id(link), fact_of(within, host)
        if key not in self._near:
            self._near[key] = [
                one for one in self._everyone[id(link)] if alike(within, host, one.host)
            ]
        return self._near[key]

    def preferred(self, link: Link, host: Host, dead: Collection[Machine] = ()) -> Receiver | None:
        """Return the first receiver of a host that is not dead."""
        near = self.near(link, host)
        spread = link.values.get("spread")
        turn = host.index if spread is not None and spread.value else 0
        turned = (near[(turn + step) % len(near)] for step in range(len(near)))
        return next((one for one in turned if one.machine not in dead), None)

    def divided(
        self,
        link: Link,
        rates: Mapping[str, float],
        dead: Collection[Machine] = (),
    ) -> Iterator[tuple[Receiver, float]]:
        """Yield how much of what the hosts of a link send comes to whom.

        Under `hash` and `all` what is for a dead one waits for it, and is nobody else's.
        """
        kind, hosts = policy_of(link), self.hosts(link.sender.agent)
        if kind in ("single", "failover"):
            for name, rate in rates.items():
                if (first := self.preferred(link, hosts[name], dead)) is not None:
                    yield first, rate
            return
        for near, rate in self._by_place(link, rates, hosts):
            alive = [one for one in near if one.machine not in dead]
            for one in alive:
                yield one, rate * share(one, alive if kind == "balance" else near, kind)

    def _by_place(
        self, link: Link, rates: Mapping[str, float], hosts: Mapping[str, Host]
    ) -> Iterator[tuple[Sequence[Receiver], float]]:
        """Yield each list of receivers with what all hosts together send that have it."""
        lists: dict[int, Sequence[Receiver]] = {}
        sums: dict[int, float] = defaultdict(float)
        for name, rate in rates.items():
            near = self.near(link, hosts[name])
            lists[id(near)] = near
            sums[id(near)] += rate
        return ((near, sums[key]) for key, near in lists.items())

    def places(self, link: Link, hosts: Iterable[Host]) -> Iterator[tuple[Sequence[Receiver], int]]:
        """Yield each list of receivers with how many of the hosts have it."""
        lists: dict[int, Sequence[Receiver]] = {}
        counts: Counter[int] = Counter()
        for host in hosts:
            near = self.near(link, host)
            lists[id(near)] = near
            counts[id(near)] += 1
        return ((near, counts[key]) for key, near in lists.items())


def share(one: Receiver, among: Sequence[Receiver], kind: str) -> float:
    """Return the part of what is sent that a receiver gets, by how the link chooses."""
    return 1.0 if kind == "all" else one.weight / sum(other.weight for other in among)
