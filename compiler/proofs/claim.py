"""What is claimed of the events of one source at one sink, and of what: data, and what follows.

The heart is an effect for each failure at each place of a way, not a word: the word `delivery`
follows from the effects, and so does the weakest place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from flumec.compiler.graph import Node
from flumec.compiler.source import Span
from flumec.runtime.component import Start
from flumec.runtime.failure import Failure, Harm

__all__ = [
    "TOLD_APART", "Claim", "Copies", "Delivery", "Detour", "Effect", "Failure", "Harm", "Order",
]  # fmt: skip

Delivery = Literal["best_effort", "at_least_once", "exactly_once"]


TOLD_APART = frozenset({Failure.DISK_LOST, Failure.HOST_LOST})
"""What no `delivery` is about: what lies on one disk is lost with it. A check says `survives`."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What copies of one event that came about at some place may differ in from there on."""

    tag: bool
    """Whether they carry one tag: both are of one first put."""
    apart: bool
    """Whether they may be on different hosts, so that a step sets the host's name differently."""
    alike: bool = True
    """Whether they come through the same steps, on whichever host."""
    due: bool = False
    """Whether one of them comes to every host where the others may, so that none is alone there."""
    unlike: frozenset[str] = frozenset()
    """Headers that may have another value on each as the source sets them."""
    torn: bool = False
    """Whether each may have another body."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one failure does to events at one place; no effect is written down where there is no
    harm.
    """

    failure: Failure
    harm: Harm
    node: Node
    """The component at which it happens: of a link, the channel that sends."""
    span: Span
    """The very words in the file that it comes from."""
    reason: str
    """A clause, such as `what it holds in memory ends with the process`."""
    cure: str = ""
    """What would do: a phrase, such as "`in_doubt = wait`"."""
    copies: "Copies | None" = None
    """Of one that repeats: what its copies have in common, for a `dedup` to know them by."""
    unless: str = ""
    """What must be so for it not to exist; a claim then assumes that, and does not have it."""
    late: bool = False
    """Whether it takes late events alone, which no order is about."""

    @property
    def where(self) -> str:
        """The component, as a message names it."""
        return f"{self.node[0]}.{self.node[1]}"

    @property
    def badness(self) -> tuple[bool, int]:
        """Order effects: what loses is worse than what repeats, then what is likelier."""
        return Harm.LOSES in self.harm, -_LIKELIEST[self.failure]


_LIKELIEST = {failure: index for index, failure in enumerate(Failure)}


@dataclass(frozen=True, slots=True)
class Order:
    """Among which events of one source (on one host) the order is that of their first put.

    Copies that come later do not count, nor do events of which a copy was late or given up. `keys`
    are the headers in which they must be equal; none of them: all events of the source. None: no
    events. It holds through the failures that a delivery is about, like what a delivery says.
    """

    keys: frozenset[str] | None
    reason: str = ""
    """What narrows or breaks it: a clause."""
    span: Span | None = None
    folders: frozenset[str] | None = None
    """Where the sink has several folders the order is that in each: the headers that choose it."""
    cure: str = ""
    """What would keep it, where that is not fewer ways: a phrase."""

    def narrowed(self, key: str, reason: str, span: Span) -> "Order":
        """Return what is left where each value of a header goes its own way.

        Also where the header is in the folder's name: several values may have one folder, such as
        none at all and an empty one.
        """
        if self.keys is None or key in self.keys:
            return self
        return Order(self.keys | {key}, reason, span, self.folders)

    @property
    def per(self) -> Literal["source", "key", "none"]:
        """The word that a check has for it."""
        return "none" if self.keys is None else "key" if self.keys else "source"


class Origin(NamedTuple):
    """A source on one of its hosts."""

    source: Node
    host: str


@dataclass(frozen=True, slots=True)
class Detour:
    """Where events go that do not come to the sink, because the file says so: each is counted."""

    kind: Literal["dropped", "filtered", "dead letter", "given up", "late"]
    node: Node
    """Where they leave."""
    to: str | None
    """The channel of that agent that keeps them; None: nowhere."""
    span: Span
    copied: frozenset[Failure] = frozenset()
    """The failures that bring copies there: each of them goes its way alone, also where the sink's
    `dedup` leaves out all but one of those that come to it."""

    @property
    def takes_copies(self) -> bool:
        """Whether one event may be there several times, by what a delivery is about."""
        return not self.copied <= TOLD_APART


@dataclass(frozen=True)
class Claim:
    """What is claimed of the events of `source` that the file leads to `sink`, over all ways.

    Agents of one set of hosts are alike. Where a link copies to each of several hosts, or where a
    source is on several, the claim is about each of them.
    """

    source: Node
    sink: Node
    start: Start
    """From where on: each complete line, the acknowledgement, or nowhere."""
    worst: Mapping[Failure, tuple[Effect, ...]]
    """For each failure that does harm: the worst effect of each kind of harm on any way."""
    assuming: tuple[str, ...]
    order: Order
    detours: tuple[Detour, ...]
    alike: frozenset[Origin] = frozenset()
    """Where events come from that the sink takes for copies of each other, and that are none."""
    only: str = ""
    """Which events come to the sink, where that is not what the source's chains say: dead letters
    of another, as a phrase."""

    @cached_property
    def harm(self) -> Harm:
        """What the failures that a delivery is about may do."""
        harm = Harm.NONE
        for failure, effects in self.worst.items():
            for effect in effects if failure not in TOLD_APART else ():
                harm |= effect.harm
        return harm

    @property
    def delivery(self) -> Delivery:
        """The word for it."""
        if Harm.LOSES in self.harm or self.start == "none":
            return "best_effort"
        return "at_least_once" if Harm.REPEATS in self.harm else "exactly_once"

    @property
    def through(self) -> tuple[Failure, ...]:
        """The failures without an effect."""
        about = (one for one in Failure if one is not Failure.ALWAYS)
        return tuple(failure for failure in about if failure not in self.worst)

    @cached_property
    def weakest(self) -> Effect | None:
        """The place with the worst effect of those that a delivery is about; of equals the first.

        Where none of these does harm, it is where the loss of a disk or host takes most; None:
        nowhere.
        """
        found = [effect for effects in self.worst.values() for effect in effects]
        about = [effect for effect in found if effect.failure not in TOLD_APART]
        return max(about or found, key=lambda effect: effect.badness, default=None)

    def effects(self, failure: Failure) -> tuple[Effect, ...]:
        """Return the worst that a failure may do: nothing, or one effect for each harm."""
        return self.worst.get(failure, ())
