"""The kit that components are declared with: properties, checks, and the kinds of component.

A component's class is its only declaration. The compiler's checks, the reference page, completion
and the generated constructor call are all derived from it; leaving out a property's sentence is a
TypeError. Nothing here, and no module that only declares components, imports pyarrow: `flumec lint`
must start fast.
"""

import dataclasses
import typing
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, dataclass_transform

from flumec.runtime.bounds import Check, at_least, at_most, between, bytes_a_second, not_empty
from flumec.runtime.contradiction import Contradiction, Misfit
from flumec.runtime.frozen import frozen, give_methods
from flumec.runtime.property_types import (
    ChannelRef,
    Header,
    Ingredient,
    JournalRef,
    Port,
    Ref,
    Secret,
    Url,
)
from flumec.runtime.quantity import Duration, Percent, Rate, Size
from flumec.runtime.risk import Risky

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.context import Context

__all__ = [
    "After", "Channel", "ChannelRef", "Check", "Component", "Contradiction", "Declared",
    "Duration", "Header", "Ingredient", "Interceptor", "JournalRef", "Misfit", "Path", "Percent",
    "Port", "Property", "Rate", "Ref", "Secret", "Section", "Sink", "Size", "Source", "Url",
    "at_least", "at_most", "between", "not_empty", "prop",
]  # fmt: skip

Commit = Literal["rename", "named_put", "cursor_in_target", "idempotent", "none"]
Start = Literal["line", "acknowledgement", "none"]


def prop(
    doc: str,
    *,
    default: Any = dataclasses.MISSING,
    check: Check[Any] | None = None,
    kw_only: bool = True,
    unit: str = "",
) -> Any:
    """Declare a property: its sentence, its default, its check.

    Without `kw_only` it is written without its name, as interceptors' arguments are. Type checkers
    know the word from dataclasses, and so check the calls in generated scripts.
    """
    return dataclasses.field(
        default=default,
        kw_only=kw_only,
        metadata={"doc": doc, "check": check, "positional": not kw_only, "unit": unit},
    )


@frozen
class Property:
    """What a class says about one of its properties."""

    name: str
    type: Any
    doc: str
    default: Any
    check: Check[Any] | None
    positional: bool

    @property
    def required(self) -> bool:
        """Whether a file must set it."""
        return self.default is dataclasses.MISSING


def _own_first(owner: type) -> list[dataclasses.Field[Any]]:
    """Return a class's fields, its own before those that it shares with others."""
    own = owner.__annotations__
    return sorted(dataclasses.fields(owner), key=lambda field: field.name not in own)


class _Properties:
    """The class's properties by name, resolved from its annotations when first asked for."""

    def __get__(self, instance: object, owner: type) -> dict[str, Property]:
        if (cached := owner.__dict__.get("_props")) is None:
            hints = typing.get_type_hints(owner)
            cached = {
                field.name: Property(
                    field.name, hints[field.name], field.metadata["doc"], field.default,
                    field.metadata["check"], field.metadata["positional"],
                )
                for field in _own_first(owner)
                if "doc" in field.metadata
            }  # fmt: skip
            last = getattr(owner, "shared", ())
            cached = dict(sorted(cached.items(), key=lambda item: item[0] in last))
            type.__setattr__(owner, "_props", cached)
        return cached


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(prop, dataclasses.field)
)
class Declared:
    """What components, sections and interceptors share: declared, checked, frozen properties."""

    type: ClassVar[str] = ""
    shared: ClassVar[tuple[str, ...]] = ()
    """Properties that all of a kind have; they come last."""
    props: ClassVar = _Properties()

    def __init_subclass__(cls, *, type: str = "", **kwargs: Any) -> None:  # noqa: A002 the language's word
        super().__init_subclass__(**kwargs)
        dataclass(init=False, repr=False, eq=False, kw_only=True)(cls)
        give_methods(cls, own=cls)
        if type:
            cls.type = type

    def __post_init__(self) -> None:
        """Hold each property to its check, as the compiler did; raise ValueError."""
        for name, declared in type(self).props.items():
            value = getattr(self, name)
            if declared.check is not None and value is not None and not declared.check.holds(value):
                raise ValueError(f"`{name}` must be {declared.check.sentence}, not {value}")
        for contradiction in self.contradictions(
            {name: getattr(self, name) for name in type(self).props}
        ):
            raise ValueError(contradiction.sentence)

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:  # noqa: ARG003 for subclasses
        """Yield what cannot stand together in `values` (every property, defaults filled in)."""
        yield from ()

    @classmethod
    def misfits(cls, values: dict[str, Any]) -> Iterator[Misfit]:  # noqa: ARG003 for subclasses
        """Yield what works in `values` (every property), and not as it says."""
        yield from ()


class Section(Declared):
    """A block inside a component, such as `roll { … }`."""


class Component(Risky, Declared):
    """Something with a name in an agent; logs, metrics and the journal know it by that name.

    `reads` and `writes` name the properties that hold paths it reads and directories it writes, so
    that its unit lets it do that and nothing else.
    """

    kind: ClassVar[str] = ""
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    name: str = dataclasses.field(kw_only=False)

    @classmethod
    def folder(cls, name: str, value: object) -> str | None:  # noqa: ARG003 for subclasses
        """Return the directory of the host that a property of `writes` stands for, if it does."""
        return str(value)


class Source(Component):
    """Where events enter an agent.

    `replayable` says that what was not committed can be read again after a crash; `start`, where a
    claim about delivery begins: at each complete line, at the acknowledgement, or nowhere.
    `sets` names the properties whose headers it sets on every event; `marks`, headers that it sets
    on some events, with their values. One that `refuses` can tell its clients that a channel is
    full; others can only wait. `same_everywhere` says that all of its kind have the same events.
    """

    kind: ClassVar = "source"
    refuses: ClassVar[bool] = False
    replayable: ClassVar[bool] = False
    start: ClassVar[Start] = "none"
    sets: ClassVar[tuple[str, ...]] = ()
    marks: ClassVar[dict[str, tuple[str, ...]]] = {}
    same_everywhere: ClassVar[bool] = False
    largest: ClassVar[tuple[str, ...]] = ()
    """The properties that say how many bytes of events one put may have, if there are such."""

    @classmethod
    def brings(cls, values: dict[str, Any]) -> tuple[str, ...] | None:  # noqa: ARG003 for subclasses
        """Return the headers that events may come with from outside; None where it is any."""
        return ()

    @classmethod
    def requires(cls, values: dict[str, Any]) -> tuple[str, ...]:  # noqa: ARG003 for subclasses
        """Return the headers that each event comes with from outside, or is not taken."""
        return ()

    @classmethod
    def unlike(cls, values: dict[str, Any]) -> tuple[frozenset[str], bool]:  # noqa: ARG003 for subclasses
        """Return the headers that may have another value on an event that is read again, and
        whether its body may be another one.
        """
        return frozenset(), False


class Channel(Component):
    """Where events wait for one consumer: `durable` through a crash, `on_disk` through an end."""

    kind: ClassVar = "channel"
    durable: ClassVar[bool] = False
    on_disk: ClassVar[bool] = False


class After(Declared, type="after"):
    """A time after which something is done: `after(24h)`."""

    duration: Duration = prop("How long.", kw_only=False, check=at_least(Duration("1s")))


class Sink(Component):
    """Where events leave an agent. `commit` says how its output becomes final."""

    kind: ClassVar = "sink"
    commit: ClassVar[Commit] = "none"
    shared: ClassVar = ("dead_letter", "give_up", "takes")

    dead_letter: ChannelRef | None = prop(
        "The channel for events that cannot be delivered, with the headers `flumec.reason`, "
        "`flumec.sink` and `flumec.tries`. Without it nothing is given up: a row that is refused, "
        "or that kills the sink three times, stops the sink's channel.",
        default=None,
    )
    give_up: After | None = prop(
        "`after(24h)`: an event that waited for so long while nothing could be delivered goes to "
        "`dead_letter`. Without it the sink tries for ever.",
        default=None,
    )
    takes: Rate | None = prop(
        "How many bytes of events a second the store takes: one in the network from all that write "
        "to it, a folder from its host. A fact that changes nothing here, and that checks count "
        "on; without it a store is as fast as the network or disk that leads to it.",
        default=None,
        check=bytes_a_second(),
    )

    @classmethod
    def tells(cls, values: dict[str, Any]) -> bool:  # noqa: ARG003 for subclasses
        """Return whether the headers of an event leave the agent with its body."""
        return True


class Interceptor(Declared):
    """A step of a chain that changes or filters a batch of events.

    `sets` names the properties whose headers it sets on every event that passes (but those that
    have one already, if it has a property `preserve` and that is true), `finds` those whose headers
    it sets on some, `uses` those whose headers it reads. `drops` says whether there are events that
    don't pass, `alike` whether many events get the same value.
    """

    sets: ClassVar[tuple[str, ...]] = ()
    finds: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = ()
    drops: ClassVar[bool] = False
    alike: ClassVar[bool] = False

    @classmethod
    def constant(cls, values: dict[str, Any], host: str, address: str) -> str | None:  # noqa: ARG003
        """Return the value that its header gets on a host; None where events differ in it."""
        return None

    @classmethod
    def finds_together(cls, values: dict[str, Any]) -> tuple[Header, ...]:  # noqa: ARG003
        """Return which headers of `finds` it sets wherever what it looks for is found."""
        return ()

    @classmethod
    def finds_values(cls, values: dict[str, Any]) -> Mapping[Header, frozenset[str]]:  # noqa: ARG003
        """Return all that it sets some headers of `finds` to; others to whatever it finds."""
        return {}

    @classmethod
    def looks_for(cls, values: dict[str, Any]) -> Hashable:  # noqa: ARG003
        """Return what it looks for in bodies, equal to that of others that find it in the same."""
        return None

    @classmethod
    def made_of(cls, values: dict[str, Any]) -> tuple[Ingredient, ...]:  # noqa: ARG003
        """Return all that the values of its headers follow from; nothing if the file tells them."""
        return ()

    def open(self, context: "Context") -> "Callable[[pa.RecordBatch], pa.RecordBatch]":
        """Return the step: it takes a batch and returns one, in which a filter has fewer rows."""
        raise NotImplementedError
