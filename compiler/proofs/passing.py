"""What passes in a scene of what comes to hosts and stores, where they do the work of others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from flumec.compiler.graph import Node
from flumec.compiler.proofs.peers import Receiver, share


class Strait(NamedTuple):
    """How many times what would come, if nothing waited before, could pass: below 1 the rest waits
    here or there; and why.
    """

    ratio: float = inf
    text: str = ""

    @property
    def passes(self) -> float:
        """The part of what comes that passes."""
        return min(1.0, self.ratio)


OPEN = Strait()
"""Who is fast enough, or of whom nobody says how fast."""


@dataclass(frozen=True, slots=True)
class Passing:
    """What is known of one scene; who is not named is fast enough."""

    received: Mapping[str, Strait] = field(default_factory=dict)
    """What hosts take of what is sent to them: their networks receive it, their disks write it."""
    sent: Mapping[str, Strait] = field(default_factory=dict)
    """What hosts send of what they would have to if all came to them."""
    written: Mapping[tuple[Node, str], Strait] = field(default_factory=dict)
    """What stores take of what sinks on hosts write."""
    parts: Mapping[Node, float] = field(default_factory=dict)
    """What each member of a group gets."""

    def to(self, one: Receiver, host: str) -> Strait:
        """Return what passes from a host to a receiver."""
        here = self.sent.get(host, OPEN)
        return min(here, self.received.get(one.host.name, OPEN), key=lambda each: each.ratio)

    def shared(self, among: Sequence[Receiver], host: str) -> Strait:
        """Return what passes from a host to those that share work: who has room takes more."""
        here = self.sent.get(host, OPEN)
        if not self.received or not among:
            return here
        each = (self.received.get(one.host.name, OPEN) for one in among)
        least = min(each, key=lambda one: one.ratio)
        return min(here, Strait(self.together(among), least.text), key=lambda one: one.ratio)

    def together(self, among: Sequence[Receiver]) -> float:
        """Return how many times what comes those that share work could take."""
        if not self.received or not among:
            return inf
        each = ((self.received.get(one.host.name, OPEN).ratio, one) for one in among)
        return sum(ratio * share(one, among, "balance") for ratio, one in each)

    def into_sinks(self, sinks: Sequence[Node], kind: str, host: str) -> Strait:
        """Return what passes from a channel on a host to the sinks that are not out; several are a
        group of some kind.
        """
        here = self.sent.get(host, OPEN)
        if kind != "balance":
            first = self.written.get((sinks[0], host), OPEN) if sinks else OPEN
            return min(here, first, key=lambda one: one.ratio)
        each = [(self.written.get((node, host), OPEN), self.parts.get(node, 0.0)) for node in sinks]
        if not any(part for _, part in each):  # nobody knows what they take
            return here
        ratio = sum(strait.ratio * part for strait, part in each if part)
        text = min(each, key=lambda one: one[0].ratio)[0].text
        return min(here, Strait(ratio, text), key=lambda one: one.ratio)


NOTHING = Passing()
