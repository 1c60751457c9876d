"""The bound fleet: every name resolved, every property checked against its component's declaration.

Templates are expanded and params filled in; what differs from host to host is still a `PerHost`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flumec.compiler.source import Source, Span
from flumec.runtime.component import Component as Declaration
from flumec.runtime.component import Interceptor
from flumec.runtime.frozen import frozen

ComponentClass = type[Declaration]
InterceptorClass = type[Interceptor]


@frozen
class HostFact:
    """`host.name`, `host.address`, `host.index`, `host.vars.x`: its path after `host`."""

    path: tuple[str, ...]


@frozen
class PerHost:
    """A text with parts that only a host can fill in: `("/var/log/", HostFact(("vars", "site")))`.

    `type` is the Python type of the property that it becomes (Path, str, Size, Port, …);
    `tuple[Path, ...]` where a host's variable is the whole list.
    """

    parts: tuple[str | HostFact, ...]
    type: Any


@frozen
class Value:
    """A property's checked value (an instance of its declared type, or PerHost) and where it
    stands.

    `key` is the span of the property's name, `span` of its value. A section's value is `Settings`;
    the items of a list may be PerHost.
    """

    value: Any
    span: Span
    key: Span


@frozen
class Settings:
    """The properties that a block sets, in the file's order, and the class that declares them."""

    declaration: Any
    values: Mapping[str, Value]


@frozen
class Host:
    """One machine. `facts` has those of compiler/bind/host_facts.py that are known."""

    name: str
    index: int
    facts: Mapping[str, Any]
    vars: Mapping[str, Any]
    span: Span
    said: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """Where each fact stands: in a block, and in the inventory that the block takes it from."""

    @property
    def address(self) -> str:
        """Where other hosts reach it; its name unless it says otherwise."""
        return str(self.facts.get("address", self.name))

    def places_of(self, fact: str) -> tuple[Span, ...]:
        """Return where a fact stands, to point at: a .flow file first; at least its name."""
        return self.said.get(fact) or (self.span,)


@frozen
class HostSet:
    """A named set of hosts. `name` is as other files would write it (`p.web` for an imported
    one).
    """

    name: str
    hosts: tuple[Host, ...]
    span: Span
    vars: Mapping[str, Any] = field(default_factory=dict)
    """The kinds (compiler/bind/kinds.py) of the typed per-host variables that every host has."""


@frozen
class Component:
    """A source, channel or sink. `declaration` is None where the type is unknown (and was
    reported), or a plug-in's."""  # noqa: D209

    kind: Literal["source", "channel", "sink"]
    name: str
    type: str
    declaration: ComponentClass | None
    values: Mapping[str, Value]
    span: Span
    name_span: Span
    type_span: Span
    doc: str = ""
    mistaken: frozenset[str] = frozenset()
    """The properties that it means to set, and has wrong."""


@frozen
class Step:
    """An interceptor's call in a chain."""

    type: str
    declaration: InterceptorClass | None
    values: Mapping[str, Value]
    span: Span


@frozen
class Target:
    """Where a chain or arm ends. `name` is None for `drop`."""

    name: str | None
    optional: bool
    span: Span


@frozen
class Group:
    """`failover(a, b)` or `balance(a, b)` as a channel's consumer; `values` has `in_doubt` where
    said.
    """

    kind: str
    members: tuple[Target, ...]
    span: Span
    values: Mapping[str, Value] = field(default_factory=dict)


@frozen
class Arm:
    """One arm of a route; `values` is None for `else`, and `spans` are the values' places."""

    values: tuple[str, ...] | None
    steps: tuple[Step, ...]
    targets: tuple[Target, ...]
    span: Span
    spans: tuple[Span, ...] = ()


@frozen
class Route:
    """Multiplexing by a header's value."""

    header: str
    arms: tuple[Arm, ...]
    span: Span


@frozen
class Chain:
    """`start` is the name of a source (events enter) or a channel (events leave)."""

    start: str
    start_span: Span
    steps: tuple[Step, ...]
    end: tuple[Target, ...] | Route | Group
    span: Span


@frozen
class Journal:
    """`journal NAME { … }`."""

    name: str
    values: Mapping[str, Value]
    span: Span


@frozen
class Agent:
    """One agent as written; it runs on each host of `hosts`. `name` is qualified by its import."""

    name: str
    hosts: HostSet
    components: Mapping[str, Component]
    chains: tuple[Chain, ...]
    journals: Mapping[str, Journal]
    settings: Mapping[str, Value]
    """metrics_port, and `limits` as Settings."""
    span: Span
    name_span: Span
    source: Source
    doc: str = ""


@frozen
class End:
    """A component of some agent: an end of a link, the `from` of a check, a `send`'s target."""

    agent: str
    component: str
    span: Span

    @property
    def node(self) -> tuple[str, str]:
        """The component, as the graph knows it."""
        return self.agent, self.component


@frozen
class Link:
    """`sender => targets`, with the wire's settings; with an unknown end it is not in the fleet."""

    sender: End
    targets: tuple[End, ...]
    via: str
    values: Mapping[str, Value]
    span: Span
    doc: str = ""
    mistaken: frozenset[str] = frozenset()
    """The properties that its block means to set, with a mistake that was reported."""


class AgentName(str):
    """The qualified name of an agent, as the value of an argument: `kill(collector)`."""

    __slots__ = ()


@frozen
class Fault:
    """`kill(collector, count = 1)` and its like: what a check survives."""

    kind: str
    values: Mapping[str, Value]
    span: Span


@frozen
class Proof:
    """A `check` block, bound and typed; `values` are its properties."""

    title: str
    values: Mapping[str, Value]
    span: Span


@frozen
class Statement:
    """One statement of a test: `kill(collector, down = 10m)`, with its arguments by name.

    `expect(…, header.user = "ann")` has its header arguments as a mapping in the argument
    `headers`.
    """

    function: str
    values: Mapping[str, Value]
    span: Span

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument's value."""
        held = self.values.get(name)
        return default if held is None else held.value


@frozen
class Trial:
    """A `test` block, bound; its statements in order."""

    title: str
    statements: tuple[Statement, ...]
    span: Span
    real_sinks: bool = False  # files are of the sinks' own formats


@dataclass(slots=True)
class Fleet:
    """Everything that the given files, and what they import, say."""

    sources: tuple[Source, ...] = ()
    """Every file that was read, in that order: .flow files, .flowvars files and inventories."""
    host_sets: dict[str, HostSet] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    unused: list[tuple[str, str, Span]] = field(default_factory=list)
    """Params, lets, templates and imports that nothing uses: (kind, name, place)."""
    future: list[tuple[str, Span]] = field(default_factory=list)
    """What the language has and the runtime has not yet: (the feature as a noun phrase, place)."""
    elsewhere: frozenset[str] = frozenset()
    """Paths that a file names whole, and what the files there name: not part of a checkout."""
    unsure: set[str] = field(default_factory=set)
    """Agents whose wiring has a mistake, already reported: what is missing there proves nothing."""
