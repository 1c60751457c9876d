"""On hosts of which site events are: what a link keeps `within` a site does not leave it later.

A site stands for any fact that `within` names. A link without it brings events to every host of
its receivers, so that nothing is known of their site any longer.
"""

from typing import NamedTuple

from flumec.compiler.choice import within_of
from flumec.compiler.facts import fact_of
from flumec.compiler.model import Fleet, Link
from flumec.compiler.proofs.answers import Answer, Knowledge, Told


class Shared(NamedTuple):
    """What is known of events, beside what they answer: a fact of the host that they are on."""

    fact: str


def shared_by(link: Link) -> Shared | None:
    """Return the fact that both hosts have in common wherever a link brings events."""
    within = within_of(link)
    return None if within is None else Shared(within)


class Sites:
    """Of each agent the sites that its hosts are at, looked for once."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._known: dict[tuple[str, Shared], frozenset[Answer]] = {}

    def over(self, link: Link, receiver: str, known: Knowledge) -> Knowledge | None:
        """Return what is known of events behind a link that some agent receives. None: none come,
        as all that come to the sender are on hosts of other sites.
        """
        left = {what: told for what, told in known.items() if not isinstance(what, Shared)}
        shared = shared_by(link)
        if shared is None:
            return left
        there = self._of(receiver, shared)
        before = known.get(shared) or Told(self._of(link.sender.agent, shared))
        common = before.answers & there
        if not common:
            return None
        return left if common == there else {**left, shared: Told(common)}

    def leads_to(self, link: Link, receiver: str) -> bool:
        """Return whether a link leads to some host of an agent: `within` may leave none."""
        return self.over(link, receiver, {}) is not None

    def _of(self, agent: str, shared: Shared) -> frozenset[Answer]:
        """Return the sites of an agent's hosts; one that says none is at none."""
        asked = agent, shared
        if asked not in self._known:
            declared = self._fleet.agents.get(agent)
            hosts = () if declared is None else declared.hosts.hosts
            found = (fact_of(shared.fact, host) for host in hosts)
            self._known[asked] = frozenset(fact for fact in found if fact is not None)
        return self._known[asked]
