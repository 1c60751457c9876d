"""Which headers anybody still reads, from the sinks back to the sources, once through the fleet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from flumec.compiler.bind.properties import complete
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import HeaderFlow
from flumec.compiler.headers.steps import enters, keeps, named
from flumec.compiler.headers.uses import Use
from flumec.compiler.model import Agent, Chain, Component, Fleet, Group, Route, Step, Target
from flumec.compiler.source import Span
from flumec.runtime.component import Header, Sink


class Live(NamedTuple):
    """What is read behind a place: `names`; or everything, but what is set anew before (`anew`)."""

    everything: bool = False
    names: frozenset[str] = frozenset()
    anew: Mapping[str, Span] = {}

    def has(self, name: str) -> bool:
        """Return whether a header's value is read."""
        return name in self.names or (self.everything and name not in self.anew)

    def read(self, names: Iterable[str]) -> "Live":
        """Return what is read before a place that reads some headers."""
        read = frozenset(names)
        anew = {name: span for name, span in self.anew.items() if name not in read}
        return Live(self.everything, self.names | read, anew)

    def set_at(self, name: str, span: Span) -> "Live":
        """Return what is read before a place that sets a header on every event."""
        return Live(self.everything, self.names - {name}, {**self.anew, name: span})

    def joined(self, other: "Live") -> "Live":
        """Return what is read where events go two ways."""
        anew = {
            name: span
            for name, span in {**other.anew, **self.anew}.items()
            if not self.has(name) and not other.has(name)
        }
        return Live(self.everything or other.everything, self.names | other.names, anew)


ALL = Live(everything=True)
NOTHING = Live()


class Waste(NamedTuple):
    """A header that is set and not read, and where it is set anew before, if it is."""

    name: str
    what: str
    span: Span
    anew: Span | None


class Liveness:
    """What is read of events at each component and behind it, from the last ones back."""

    def __init__(self, fleet: Fleet, graph: Graph, flow: HeaderFlow, uses: Iterable[Use]) -> None:
        self._fleet, self._graph = fleet, graph
        asked = frozenset(_asked(fleet))
        self._read: dict[Node, set[str]] = defaultdict(set)
        for use in uses:
            if use.kind not in ("route", "fingerprint"):  # those are met on the way back
                self._read[use.node].add(use.name)
        self._letters: dict[Node, list[Node]] = defaultdict(list)
        for end, joints in flow.into.items():
            for joint in joints:
                if joint.edge is None:
                    self._letters[joint.start].append(end)
        self._at: dict[Node, Live] = {}
        for node in reversed(flow.order):
            self._at[node] = self._behind(node).read(asked)  # a test may look at each

    def wasted(self) -> Iterator[Waste]:
        """Yield the headers that are set and not read."""
        for agent in self._fleet.agents.values():
            if agent.name in self._fleet.unsure:
                continue
            for source in agent.components.values():
                if source.kind == "source":
                    yield from self._by_source(agent, source)
            for chain in agent.chains:
                if enters(agent, chain):
                    yield from self._by_chain(agent, chain)

    def _by_source(self, agent: Agent, source: Component) -> Iterator[Waste]:
        for property_ in getattr(source.declaration, "sets", ()):
            held = source.values.get(property_)
            if held is not None and isinstance(held.value, Header):
                live, name = self._at.get((agent.name, source.name), ALL), str(held.value)
                if not live.has(name):
                    yield Waste(name, f"`{property_}`", held.span, live.anew.get(name))

    def _by_chain(self, agent: Agent, chain: Chain) -> Iterator[Waste]:
        live = self._after_steps(agent.name, chain)
        if isinstance(chain.end, Route):
            for arm in chain.end.arms:
                yield from self._in_steps(arm.steps, self._ending(agent.name, arm.targets))
        yield from self._in_steps(chain.steps, live)

    def _in_steps(self, steps: tuple[Step, ...], live: Live) -> Iterator[Waste]:
        for step in reversed(steps):
            for name in _setting(step):
                if not live.has(name):
                    yield Waste(name, f"`{step.type}`", step.span, live.anew.get(name))
            live = _before(step, live)

    def _behind(self, node: Node) -> Live:
        """Return what is read of events that are at a component, the component's own included."""
        agent = self._fleet.agents[node[0]]
        component = agent.components[node[1]]
        if agent.name in self._fleet.unsure:
            return ALL
        if component.kind == "sink":
            return NOTHING.read(self._read[node]) if _is_mute(component) else ALL
        if component.kind == "source":
            chains = [chain for chain in agent.chains if chain.start == component.name]
            return _joined(self._through(agent.name, chain) for chain in chains)
        ends = [e.end for e in self._graph.outgoing.get(node, ()) if e.kind != "misplaced"]
        if not ends:  # nobody reads it, but a person may look
            return ALL
        ways = [*ends, *self._letters.get(node, ())]
        return _joined(self._at.get(end, ALL) for end in ways).read(self._read[node])

    def _through(self, agent: str, chain: Chain) -> Live:
        live = self._after_steps(agent, chain)
        for step in reversed(chain.steps):
            live = _before(step, live)
        return live

    def _after_steps(self, agent: str, chain: Chain) -> Live:
        if isinstance(chain.end, Group):
            return ALL
        if not isinstance(chain.end, Route):
            return self._ending(agent, chain.end)
        ways = []
        for arm in chain.end.arms:
            live = self._ending(agent, arm.targets)
            for step in reversed(arm.steps):
                live = _before(step, live)
            ways.append(live)
        return _joined(ways).read([chain.end.header])

    def _ending(self, agent: str, targets: tuple[Target, ...]) -> Live:
        kept = [target.name for target in targets if target.name is not None]
        return _joined(self._at.get((agent, name), ALL) for name in kept)


def _joined(ways: Iterable[Live]) -> Live:
    live = NOTHING
    for way in ways:
        live = way if live is NOTHING else live.joined(way)
    return live


def _is_mute(sink: Component) -> bool:
    """Whether a sink writes bodies alone."""
    declared = sink.declaration
    if declared is None or not issubclass(declared, Sink):
        return False
    full = complete(declared, {n: v for n, v in sink.values.items() if n == "format"}, None)
    return full is not None and not declared.tells(full)


def _setting(step: Step) -> Iterator[str]:
    declared = step.declaration
    for property_ in (*declared.sets, *declared.finds) if declared is not None else ():
        yield from named(step, property_)


def _before(step: Step, live: Live) -> Live:
    """Return what is read before a step."""
    declared = step.declaration
    if declared is None:
        return ALL
    for property_ in declared.sets if not keeps(step) else ():
        for name in named(step, property_):
            live = live.set_at(name, step.span)
    read = [name for property_ in declared.uses for name in named(step, property_)]
    return live.read(read) if read else live


def _asked(fleet: Fleet) -> Iterator[str]:
    """Yield the headers that checks and tests are about."""
    for proof in fleet.proofs:
        key = proof.values.get("key")
        for one in _each(key.value) if key is not None else ():
            if isinstance(one, Header):
                yield str(one)
    for trial in fleet.trials:
        for statement in trial.statements:
            headers = statement.get("headers")
            if isinstance(headers, Mapping):
                yield from map(str, headers)


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, tuple | list) else (value,)
