"""From the bound fleet to the plan: what runs on which host, with every value final."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from flumec.compiler import model, plan
from flumec.compiler.columns import columns
from flumec.compiler.consuming import consumers, to_links
from flumec.compiler.headers.steps import steps_of
from flumec.compiler.inputs import MadeFrom
from flumec.compiler.source import Span
from flumec.compiler.values import module, positional, resolve, secrets, values, varies
from flumec.compiler.wires import Wires, title
from flumec.runtime.component import Port
from flumec.runtime.journal_settings import Journal
from flumec.runtime.tls.settings import credentials

USER = "flumec"
"""Who agents run as on a host that names nobody."""

Addresses = Callable[[Sequence[str]], Mapping[str, str]]
"""From the names of all hosts to their addresses."""


def place(
    fleet: model.Fleet,
    made_from: MadeFrom,
    addresses: Addresses | None = None,
    promised: plan.Promised = plan.NOTHING_PROMISED,
) -> plan.Plan:
    """Return the plan of a fleet without errors; hosts on which nothing runs are not in it."""
    hosts: dict[str, list[tuple[model.Host, model.Agent]]] = {}
    for agent in fleet.agents.values():
        for host in agent.hosts.hosts:
            hosts.setdefault(host.name, []).append((host, agent))
    known = addresses(tuple(hosts)) if addresses else {}
    placer = _Placer(fleet, made_from, known, promised)
    return plan.Plan(
        hosts=tuple(placer.host(name, agents) for name, agents in hosts.items()),
        links=tuple(placer.links()),
        inputs=made_from.files,
        digest=made_from.digest,
        promises=promised.whole,
    )


class _Placer:
    """What all agents' placing has in common, so that equal work is done once."""

    def __init__(
        self,
        fleet: model.Fleet,
        made_from: MadeFrom,
        addresses: Mapping[str, str],
        promised: plan.Promised,
    ) -> None:
        self._fleet, self._names, self._addresses = fleet, made_from.names, addresses
        self._digests = dict(made_from.files)
        self._columns, self._promises = columns(fleet), promised.by_agent
        self._wires = Wires(fleet, self._address, self._origin)
        self._parts: dict[int, plan.Part] = {}
        self._shared: dict[int, dict[str, Any]] = {}
        self._alike: dict[tuple[str, str, str], plan.Agent] = {}
        self._paths: dict[str, str] = {}

    def host(self, name: str, agents: Sequence[tuple[model.Host, model.Agent]]) -> plan.Host:
        placed = tuple(self._agent(agent, host) for host, agent in agents)
        first = agents[0][0]
        facts = {fact: str(first.facts[fact]) for fact in ("python", "arch") if fact in first.facts}
        return plan.Host(name, self._address(first), placed, **facts)

    def links(self) -> Iterator[plan.Link]:
        for link in self._fleet.links:
            for end in link.targets:
                host = self._fleet.agents[end.agent].hosts.hosts[0]
                port = resolve(link.values["port"].value, host, self._address(host))
                sender = link.sender.node
                target = end.node
                yield plan.Link(sender, target, int(port), self._origin(link.span))

    def _agent(self, agent: model.Agent, host: model.Host) -> plan.Agent:
        """Return an agent on a host; what it does is one object for all hosts if none differs."""
        runs_as = str(host.facts.get("user", USER)), str(host.facts.get("group", ""))
        if (known := self._alike.get((agent.name, *runs_as))) is not None:
            return replace(known, host=host.name, address=self._address(host))
        placed = self._made(agent, host, *runs_as)
        if not (self._wires.differs(agent) or placed.receivers or _varies(agent)):
            self._alike[agent.name, *runs_as] = placed
        return placed

    def _made(self, agent: model.Agent, host: model.Host, user: str, group: str) -> plan.Agent:
        parts = tuple(self._part(component, host) for component in agent.components.values())
        journals = tuple(self._journal(journal, host) for journal in agent.journals.values())
        once = self._each if self._wires.differs(agent) else self._once
        senders = once(agent, "senders", lambda: self._wires.sending(agent, host))
        receivers = self._wires.receiving(agent, host)
        settings = {
            name: resolve(value.value, host, self._address(host))
            for name, value in agent.settings.items()
        }
        limits = settings.get("limits")
        proofs = tuple(dict.fromkeys(_proofs(parts, senders, receivers)))
        listening = [(part.name or "", port) for part in parts for port in _ports(part)]
        return plan.Agent(
            name=agent.name,
            host=host.name,
            address=self._address(host),
            columns=self._columns[agent.name],
            parts=parts,
            flows=self._flows(agent, host),
            deliveries=once(agent, "deliveries", lambda: self._deliveries(agent, senders)),
            senders=senders,
            receivers=receivers,
            metrics_port=settings.get("metrics_port"),
            limits=limits.values if isinstance(limits, plan.Part) else {},
            reads=tuple(_paths(agent, parts, "reads")),
            writes=(*_paths(agent, parts, "writes"), *_directories(journals)),
            ports=(*listening, *((half.name, half.port) for half in receivers)),
            journals=journals,
            credentials=_credentials((*parts, *journals), proofs),
            proofs=proofs,
            user=user,
            group=group,
            file=self._path(agent.source.path),
            file_digest=self._digests.get(self._path(agent.source.path), ""),
            origin=self._origin(agent.span),
            doc=agent.doc,
            keeps=self._once(agent, "keeps", lambda: tuple(self._wires.letters(agent))),
            promises=self._promises.get(agent.name, ()),
        )

    def _part(self, component: model.Component, host: model.Host) -> plan.Part:
        return self._shared_part(component, component.kind, component.name, component.doc, host)

    def _journal(self, journal: model.Journal, host: model.Host) -> plan.Part:
        return plan.Part(
            cls=Journal.__name__,
            module=module(Journal),
            name=journal.name,
            values=values(Journal, journal.values, host, self._address(host)),
            origin=self._origin(journal.span),
            kind=Journal.kind,
            type=Journal.type,
        )

    def _step(self, step: model.Step, host: model.Host) -> plan.Part:
        return self._shared_part(step, "interceptor", None, "", host)

    def _shared_part(
        self,
        item: model.Component | model.Step,
        kind: str,
        name: str | None,
        doc: str,
        host: model.Host,
    ) -> plan.Part:
        """Return the call that makes a component; one object for all hosts where none differs."""
        if (known := self._parts.get(id(item))) is not None:
            return known
        declaration = item.declaration
        assert declaration is not None
        part = plan.Part(
            cls=declaration.__name__,
            module=module(declaration),
            name=name,
            values=values(declaration, item.values, host, self._address(host)),
            origin=self._origin(item.span),
            doc=doc,
            kind=kind,
            type=item.type,
            positional=positional(declaration, item.values),
        )
        if not any(varies(value.value) for value in item.values.values()):
            self._parts[id(item)] = part
        return part

    def _flows(self, agent: model.Agent, host: model.Host) -> tuple[plan.Flow, ...]:
        sources = {name for name, part in agent.components.items() if part.kind == "source"}
        return tuple(self._flow(c, host) for c in agent.chains if c.start in sources)

    def _flow(self, chain: model.Chain, host: model.Host) -> plan.Flow:
        assert not isinstance(chain.end, model.Group)
        return plan.Flow(
            source=chain.start,
            steps=tuple(self._step(step, host) for step in chain.steps),
            to=self._route(chain.end, host)
            if isinstance(chain.end, model.Route)
            else _targets(chain.end),
            origin=self._origin(chain.span),
        )

    def _route(self, route: model.Route, host: model.Host) -> plan.Route:
        arms = tuple(
            plan.Arm(
                arm.values,
                tuple(self._step(step, host) for step in arm.steps),
                _targets(arm.targets),
            )
            for arm in route.arms
        )
        return plan.Route(route.header, arms)

    def _deliveries(
        self, agent: model.Agent, senders: Sequence[plan.SendingHalf]
    ) -> tuple[plan.Delivery, ...]:
        to_sinks = (
            plan.Delivery(chain.start, consumer, self._origin(chain.span))
            for chain in agent.chains
            if agent.components[chain.start].kind == "channel"
            for consumer in consumers(chain.end)
        )
        return (*to_sinks, *to_links(senders))

    def _once(self, agent: model.Agent, what: str, make: Callable[[], Any]) -> Any:
        """Return what is the same on all hosts of an agent, made for the first."""
        shared = self._shared.setdefault(id(agent), {})
        if what not in shared:
            shared[what] = make()
        return shared[what]

    @staticmethod
    def _each(_agent: model.Agent, _what: str, make: Callable[[], Any]) -> Any:
        """Return what differs from host to host."""
        return make()

    def _address(self, host: model.Host) -> str:
        return self._addresses.get(host.name, host.address)

    def _origin(self, span: Span) -> str:
        return f"{self._path(span.source.path)}:{span.line}"

    def _path(self, path: str) -> str:
        if path not in self._paths:
            self._paths[path] = self._names(path)
        return self._paths[path]


def _varies(agent: model.Agent) -> bool:
    """Return whether something that an agent's block says differs from host to host."""
    said = [agent.settings, *(part.values for part in agent.components.values())]
    said += [journal.values for journal in agent.journals.values()]
    said += [step.values for chain in agent.chains for step in steps_of(chain)]
    return any(varies(value.value) for values in said for value in values.values())


def _targets(targets: Sequence[model.Target]) -> tuple[plan.Target, ...]:
    return tuple(plan.Target(target.name, target.optional) for target in targets)


def _credentials(parts: Sequence[plan.Part], proofs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the names of all credentials of an agent, sorted."""
    told = {name for part in parts for name in secrets(part)}
    return tuple(sorted(told | {name for _, name in proofs}))


def _proofs(
    parts: Sequence[plan.Part],
    senders: Sequence[plan.SendingHalf],
    receivers: Sequence[plan.ReceivingHalf],
) -> Iterator[tuple[str, str]]:
    """Yield what an agent's ends need for TLS."""
    for sender in senders:
        yield from credentials(sender.values, listens=False)
    for part in parts:
        yield from credentials(part.values, listens=True)
    for receiver in receivers:
        yield from credentials(receiver.values, listens=True)


def _ports(part: plan.Part) -> Iterator[int]:
    """Yield the ports that a component listens on."""
    for value in part.values.values():
        if isinstance(value, Port):
            yield int(value)


def _directories(journals: Sequence[plan.Part]) -> Iterator[str]:
    """Yield the directories of journals that don't lie in the agent's state."""
    for journal in journals:
        if (directory := journal.values.get("directory")) is not None:
            yield str(PurePosixPath(directory))


def _paths(agent: model.Agent, parts: Sequence[plan.Part], direction: str) -> Iterator[str]:
    """Yield the patterns that a part `reads`, or the directories that it `writes`, as declared."""
    for part in parts:
        declaration = agent.components[part.name or ""].declaration
        assert declaration is not None
        for name in getattr(declaration, direction):
            value = part.values.get(name, declaration.props[name].default)
            for path in value if isinstance(value, tuple) else (value,):
                folder = declaration.folder(name, path) if direction == "writes" else path
                if folder is not None:
                    yield str(PurePosixPath(folder))


__all__ = ["Addresses", "place", "title"]
