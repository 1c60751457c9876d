"""What is claimed of the events of one source at one sink, and of what: data, and what follows.

The heart is an effect for each failure at each place of a way, not a word: the word `delivery`
follows from the effects, and so does the weakest place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from functools import cached_property
from typing import Literal

from flumec.compiler.graph import Node
from flumec.compiler.source import Span
from flumec.runtime.component import Start

Delivery = Literal["best_effort", "at_least_once", "exactly_once"]


class Failure(StrEnum):
    """What may happen to a fleet, the likeliest first: among equal harms that one is worse."""

    ALWAYS = "always"
    """No failure at all: a channel is full, copies meet, events wait longer than a window."""
    CLIENT_RETRIED = "client retried"
    """A client that heard no 200, for whatever reason, sends the same request again."""
    REPLY_LOST = "reply lost"
    """What was asked for was done, and the answer did not arrive: of a peer, or of a store."""
    CONNECTION_CUT = "connection cut"
    """A connection between two agents, or to a store, ends or is silent, for a while or for long.

    The other end may have what was sent.
    """
    BUNDLE_CHANGED = "bundle changed"
    """A bundle of the same wiring is installed: agents are stopped in order and started again."""
    ROTATION = "rotation"
    """A log is rotated in the way that its source declares, also while the agent is down."""
    SERVER_RESTARTED = "server restarted"
    """What a sink writes to goes away, for a while or for long, and comes back with what it had."""
    KILLED = "killed"
    """An agent's process ends at any step (SIGKILL, no memory) and is started again by its unit."""
    POWER_CUT = "power cut"
    """A host stops at any step and boots again; of its disk only what was synced is sure."""
    DISK_LOST = "disk lost"
    """The state of an agent is gone for good; its host stands, with an empty one."""
    HOST_LOST = "host lost"
    """A host is gone for good, with its disks: its agents' state, and the logs they read."""


TOLD_APART = frozenset({Failure.DISK_LOST, Failure.HOST_LOST})
"""What no `delivery` is about: what lies on one disk is lost with it. A check says `survives`."""


class Harm(Flag):
    """What a failure does to an event. Without any it is delayed at most."""

    NONE = 0
    REPEATS = auto()
    LOSES = auto()


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
    keeps_tag: bool = False
    """Whether copies that it makes carry the tag of their first put."""
    keeps_headers: bool = True
    """Whether copies that it makes carry the same headers, as both are of one stored row."""

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

    Copies that come later do not count. `keys` are the headers (and `path`, a sink's folder) in
    which they must be equal; none of them: all events of the source. None: no events.
    """

    keys: frozenset[str] | None
    reason: str = ""
    """What narrows or breaks it: a clause."""
    span: Span | None = None

    @property
    def per(self) -> Literal["source", "key", "none"]:
        """The word that a check has for it."""
        return "none" if self.keys is None else "key" if self.keys else "source"


@dataclass(frozen=True, slots=True)
class Detour:
    """Where events go that do not come to the sink, because the file says so: each is counted."""

    kind: Literal["dropped", "filtered", "dead letter", "given up", "late"]
    node: Node
    """Where they leave."""
    to: str | None
    """The channel of that agent that keeps them; None: nowhere."""
    span: Span


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

        None: exactly once.
        """
        found = [
            effect
            for failure, effects in self.worst.items()
            if failure not in TOLD_APART
            for effect in effects
        ]
        return max(found, key=lambda effect: effect.badness, default=None)

    def effects(self, failure: Failure) -> tuple[Effect, ...]:
        """Return the worst that a failure may do: nothing, or one effect for each harm."""
        return self.worst.get(failure, ())
