"""Parts of a plan as the constructor calls that a person would write."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from flumec.compiler.emit.layout import Call, Expression, Items
from flumec.compiler.emit.literal import literal
from flumec.compiler.emit.words import Imports
from flumec.compiler.plan import (
    Agent,
    Arm,
    Flow,
    Group,
    Part,
    ReceivingHalf,
    Route,
    SendingHalf,
    Target,
)
from flumec.runtime.component import After, Header, Port, Ref, Secret, Url
from flumec.runtime.quantity import Duration, Percent, Rate, Size

RUNTIME = "flumec.runtime"
LINKS = "flumec.runtime.links"
HALVES = {"arrow": ("ArrowSender", "ArrowReceiver")}
"""The classes of a link's two ends, by its wire."""

EACH = {"all": "All", "hash": "Hashed"}
"""The classes for peers that each have a channel of their own, by the link's policy."""

_QUANTITIES = (Size, Duration, Rate, Percent)


class Calls:
    """Makes the expressions of one script; what they need is imported on the way."""

    def __init__(self, imports: Imports) -> None:
        self._imports = imports

    def value(self, value: Any) -> Expression:
        """Return the expression for a final value; raise TypeError for what no script can say."""
        if isinstance(value, Part):
            return self.part(value)
        if isinstance(value, tuple | list):
            return Items([self.value(item) for item in value])
        if isinstance(value, _QUANTITIES):
            return self._runtime(type(value).__name__, literal(value.text))
        if isinstance(value, Port):
            return self._runtime("Port", str(int(value)))
        if isinstance(value, Header | Url | Ref):
            return self._runtime(type(value).__name__, literal(str(value)))
        if isinstance(value, After):
            return self._runtime("After", self.value(value.duration))
        if isinstance(value, Secret):
            return self._runtime("Secret", literal(value.name))
        if isinstance(value, PurePath):
            return Call(self._imports.name("pathlib", "Path"), [literal(str(value))])
        if value is None or isinstance(value, str | bytes | bool | int | float):
            return literal(value)
        raise TypeError(f"no script can say {value!r}")

    def part(self, part: Part) -> Call:
        """Return the call that makes a component, interceptor or section."""
        named = [literal(part.name)] if part.name is not None else []
        positional = [self.value(part.values[name]) for name in part.positional]
        rest = [
            (name, self.value(value))
            for name, value in part.values.items()
            if name not in part.positional
        ]
        return Call(self._imports.name(part.module, part.cls), [*named, *positional, *rest])

    def sender(self, half: SendingHalf) -> Call:
        """Return the call that makes a link's sending end."""
        cls = HALVES[half.via][0]
        peers = [
            self._link("Peer", literal(peer.host), literal(peer.address), str(peer.port))
            for peer in half.peers
        ]
        fixed: list[tuple[str, Expression]] = [
            ("link", literal(half.link)),
            ("wire", literal(half.wire)),
            ("peers", Items(peers)),
        ]
        return self._link(cls, literal(half.name), *fixed, *self._settings(cls, half.values, fixed))

    def receiver(self, half: ReceivingHalf) -> Call:
        """Return the call that makes a listener."""
        cls = HALVES[half.via][1]
        fixed: list[tuple[str, Expression]] = [("port", self.value(Port(half.port)))]
        return self._link(cls, literal(half.name), *fixed, *self._settings(cls, half.values, fixed))

    def agent(self, agent: Agent) -> Call:
        """Return the call that makes the agent itself."""
        arguments: list[Expression | tuple[str, Expression]] = [
            literal(agent.name),
            ("host", literal(agent.host)),
            ("address", literal(agent.address)),
        ]
        if agent.columns:
            arguments.append(("columns", Items([literal(name) for name in agent.columns])))
        if agent.metrics_port is not None:
            arguments.append(("metrics_port", str(int(agent.metrics_port))))
        return self._runtime("Agent", *arguments)

    def flow(self, flow: Flow, variables: Mapping[str, str]) -> Call:
        """Return the wiring of a source."""
        steps = [self.part(step) for step in flow.steps]
        if isinstance(flow.to, Route):
            to: Expression = self._route(flow.to, variables)
        else:
            to = self._targets(flow.to, variables)
        return Call("agent.flow", [variables[flow.source], *steps, ("to", to)])

    def group(self, group: Group, variables: Mapping[str, str]) -> Call:
        """Return the call that makes a group of sinks, or of a link's peers."""
        said: list[tuple[str, Expression]] = []
        if group.in_doubt is not None:
            said.append(("in_doubt", literal(group.in_doubt)))
        if group.weights:
            said.append(("weights", Items([str(weight) for weight in group.weights])))
        members = [variables[member] for member in group.members]
        if group.kind in EACH:
            key = [] if group.key is None else [self.value(Header(group.key))]
            return self._link(EACH[group.kind], *key, *members, *said)
        return self._runtime(group.kind.capitalize(), *members, *said)

    def receipt(self, receiver: str, link: str, wire: str, channel: str) -> Call:
        """Return the wiring of a link that comes in by a listener."""
        said = [("link", literal(link)), ("wire", literal(wire)), ("to", channel)]
        return Call("agent.receive", [receiver, *said])

    def _route(self, route: Route, variables: Mapping[str, str]) -> Call:
        arms = [self._arm(arm, variables) for arm in route.arms if arm.values is not None]
        last = [self._otherwise(arm, variables) for arm in route.arms if arm.values is None]
        otherwise = [("otherwise", end) for end in last]
        return self._runtime("Route", literal(route.header), *arms, *otherwise)

    def _arm(self, arm: Arm, variables: Mapping[str, str]) -> Call:
        values = [literal(value) for value in arm.values or ()]
        return self._runtime("Arm", *values, *self._taken(arm, variables))

    def _otherwise(self, arm: Arm, variables: Mapping[str, str]) -> Expression:
        if not arm.steps:
            return self._targets(arm.targets, variables)
        return self._runtime("Otherwise", *self._taken(arm, variables))

    def _taken(self, arm: Arm, variables: Mapping[str, str]) -> list[tuple[str, Expression]]:
        steps = Items([self.part(step) for step in arm.steps])
        to = ("to", self._targets(arm.targets, variables))
        return [("steps", steps), to] if arm.steps else [to]

    def _targets(self, targets: Sequence[Target], variables: Mapping[str, str]) -> Expression:
        ends = [self._target(target, variables) for target in targets]
        return ends[0] if len(ends) == 1 else Items(ends)

    def _target(self, target: Target, variables: Mapping[str, str]) -> Expression:
        if target.channel is None:
            return self._runtime("Drop")
        variable = variables[target.channel]
        return self._runtime("Optional", variable) if target.optional else variable

    def _settings(
        self, cls: str, values: Mapping[str, Any], fixed: Sequence[tuple[str, Expression]]
    ) -> list[tuple[str, Expression]]:
        """Return those of a link's settings that this end of it declares."""
        import flumec.runtime.links

        said = {name for name, _ in fixed}
        declared = getattr(flumec.runtime.links, cls).props
        return [
            (name, self.value(values[name]))
            for name in declared
            if name in values and name not in said
        ]

    def _runtime(self, name: str, *arguments: "Expression | tuple[str, Expression]") -> Call:
        return Call(self._imports.name(RUNTIME, name), arguments)

    def _link(self, name: str, *arguments: "Expression | tuple[str, Expression]") -> Call:
        return Call(self._imports.name(LINKS, name), arguments)
