"""What a check survives, as scenes: which hosts are gone, which links are cut, which sinks out.

The faults of one list happen together: whoever writes `[kill(collector), outage(store, 4h)]` wants
a dead collector not to matter in the outage. Of a number of hosts every choice is tried, or where
there are many, those that may hurt most; and that none is gone. Of several faults with many choices
together the worst of each are tried, others of each in turn, each fault alone, and none.

Faults of several lengths begin together. When the shortest is over a scene without it comes after
its own, and begins with what waits by then.

A fault that says no time lasts for as long as another one of its list; a process that is killed,
where none says one, until its unit has started it again. A host that is lost never comes back:
what it lasts for is the time until a bundle without it is installed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from flumec.compiler.graph import Node
from flumec.compiler.model import Fault, Fleet, Proof
from flumec.compiler.proofs.choosing import Choices, together
from flumec.compiler.proofs.peers import Machine
from flumec.runtime.quantity import Duration

Taken = frozenset[Machine]
"""The agents that a fault takes."""

RESTART = Duration("10s")
"""For how long a killed process is away: a second until systemd starts it again, and what it takes
to be ready.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is not there: sinks that are out, agents that are dead, links that are cut."""

    out: frozenset[Node] = frozenset()
    dead: frozenset[Machine] = frozenset()
    cut: frozenset[Node] = frozenset()
    gone: frozenset[Machine] = frozenset()
    """Of the dead, those that never come back."""
    waited_for: frozenset[Machine] = frozenset()
    """Of the gone, those of which nothing says how soon a bundle leaves them out: who has something
    for them alone waits for good.
    """
    dark: frozenset[Machine] = frozenset()
    """Of the dead, those whose hosts have no power: nothing is written there meanwhile."""
    earlier: "Scene | None" = None
    """The scene before this one, of the faults that began together with these and are over."""
    since: float = 0.0
    """When it began, in seconds from when all of them did."""


class Machines:
    """Which agents are on a host, and which at a site."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def on(self, host: str) -> Sequence[Machine]:
        """Return the agents of a host."""
        return self._on.get(host, ())

    def at(self, site: str) -> frozenset[Machine]:
        """Return the agents of a site."""
        return frozenset(self._at.get(site, ()))

    @cached_property
    def choices(self) -> Choices:
        """The ways to take hosts of agents."""
        return Choices(self.fleet)

    @cached_property
    def _on(self) -> dict[str, list[Machine]]:
        found: dict[str, list[Machine]] = defaultdict(list)
        for agent in self.fleet.agents.values():
            for host in agent.hosts.hosts:
                found[host.name].append((agent.name, host.name))
        return found

    @cached_property
    def _at(self) -> dict[str, list[Machine]]:
        found: dict[str, list[Machine]] = defaultdict(list)
        for agent in self.fleet.agents.values():
            for host in agent.hosts.hosts:
                found[str(host.facts.get("site", ""))].append((agent.name, host.name))
        return found


def faults_of(proof: Proof) -> tuple[Fault, ...]:
    """Return what a check survives, as far as it could be read."""
    held = proof.values.get("survives")
    items = held.value if held is not None else ()
    return tuple(item for item in items if isinstance(item, Fault))


def outage_of(fault: Fault) -> tuple[Node, Duration]:
    """Return the sink of an outage, and how long it is out."""
    return fault.values["sink"].value.node, fault.values["duration"].value


def timed(faults: Sequence[Fault]) -> Iterator[tuple[Fault, Duration]]:
    """Yield the faults of a list that last for a known time, with it."""
    found = [(fault, length) for fault in faults if (length := length_of(fault)) is not None]
    yield from found or ((fault, RESTART) for fault in faults if fault.kind == "kill")


def length_of(fault: Fault) -> Duration | None:
    """Return how long a fault says that it lasts."""
    held = fault.values.get(_TIMES.get(fault.kind, "duration"))
    return None if held is None else held.value


_TIMES = {"kill": "down", "power": "down", "lose": "replaced"}


def end_of(proof: Proof, fault: Fault) -> Node | None:
    """Return what a fault is about: the sink that is out, the link that is cut, or else what the
    check is about.
    """
    held = fault.values.get("sink") or fault.values.get("link") or proof.values.get("to")
    return None if held is None else held.value.node


def scenes(machines: Machines, faults: Sequence[Fault], length: Duration) -> Iterator[Scene]:
    """Yield the scenes of a time: with it all that lasts as long, or says no time of its own; and
    those that come after the scenes of shorter faults, with what waits by then.
    """
    lasting = [fault for fault in faults if (length_of(fault) or length) >= length]
    for taken in _taken(machines, lasting):
        yield _scene(lasting, taken)
    if len(lasting) == len(faults):
        return
    lengths = sorted({min(length_of(fault) or length, length) for fault in faults} | {length})
    for taken in _taken(machines, faults):
        earlier, since = None, 0.0
        for until in lengths:
            left = [fault for fault in faults if (length_of(fault) or length) >= until]
            earlier = replace(_scene(left, taken), earlier=earlier, since=since)
            since = float(until)
        if earlier is not None:
            yield earlier


def _taken(machines: Machines, faults: Sequence[Fault]) -> Iterator[Mapping[int, Taken]]:
    """Yield what faults take together, by their identities."""
    taking = [fault for fault in faults if fault.kind in _TAKES_HOSTS]
    for chosen in together(taking, partial(_gone, machines)):
        yield {id(fault): taken for fault, taken in zip(taking, chosen, strict=True)}


def _scene(faults: Sequence[Fault], taken: Mapping[int, Taken]) -> Scene:
    out = frozenset(outage_of(fault)[0] for fault in faults if fault.kind == "outage")
    cut = frozenset(f.values["link"].value.node for f in faults if f.kind == "cut")
    by_kind: dict[str, Taken] = defaultdict(frozenset)
    waited_for: Taken = frozenset()
    for fault in faults:
        if fault.kind in _TAKES_HOSTS:
            by_kind[fault.kind] |= taken[id(fault)]
            if fault.kind == "lose" and length_of(fault) is None:
                waited_for |= taken[id(fault)]
    dead = frozenset[Machine]().union(*by_kind.values())
    return Scene(out, dead, cut, by_kind["lose"], waited_for, by_kind["power"])


_TAKES_HOSTS = ("kill", "lose", "power")


def _gone(machines: Machines, fault: Fault, before: Sequence[Taken]) -> list[Taken]:
    """Return the ways in which a fault takes agents beside others; the last of them takes none."""
    if fault.kind == "power":
        return [machines.at(str(fault.values["site"].value)), frozenset()]
    agent = machines.fleet.agents[str(fault.values["agent"].value)]
    taken = {name for one in before for _, name in one}
    choices = machines.choices.of(agent, count_of(fault), taken)
    if fault.kind == "kill":
        return [frozenset((agent.name, name) for name in names) for names in choices]
    # a lost host takes all its agents with it
    return [frozenset(one for name in names for one in machines.on(name)) for names in choices]


def agents_of(machines: Machines, fault: Fault) -> set[str]:
    """Return the agents of which a fault may take hosts."""
    if fault.kind == "power":
        return {name for name, _ in machines.at(str(fault.values["site"].value))}
    if fault.kind not in _TAKES_HOSTS:
        return set()
    agent = machines.fleet.agents[str(fault.values["agent"].value)]
    if fault.kind == "kill":
        return {agent.name}
    return {name for host in agent.hosts.hosts for name, _ in machines.on(host.name)}


def count_of(fault: Fault) -> int:
    """Return how many hosts a fault takes."""
    held = fault.values.get("count")
    return 1 if held is None else int(held.value)
