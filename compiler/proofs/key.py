"""What the key of a `dedup` is made of, seen from further and further before its sink.

A key knows the copies of an event as such if it is the same in all of them: made of what came with
the event, and not of the clock, or of the host, between where the copies part and the sink.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flumec.compiler.model import Step, Value
from flumec.compiler.passes.deduplication import key_headers
from flumec.compiler.proofs.claim import Copies
from flumec.compiler.values import setting_of, varies
from flumec.runtime.component import Header


@dataclass(frozen=True, slots=True)
class Key:
    """A key's headers as they are needed here, and what steps between here and the sink do."""

    needed: frozenset[str]
    """Headers of an event at this place that the key is made from; none with the tag."""
    tag: bool = False
    content: bool = False
    """Whether the body is in it."""
    clock: bool = False
    host: bool = False
    touched: bool = False
    """Whether any step between here and the sink makes a part of it."""
    kept: frozenset[str] = frozenset()
    """Of the headers that are needed, those that a later step makes of the body if they lack."""

    def knows(self, copies: Copies) -> bool:
        """Return whether copies that part here have one key."""
        if self.tag:
            return copies.tag
        made_alike = copies.alike or not self.touched
        return made_alike and not self.clock and not (self.host and copies.apart)

    @property
    def names_one(self) -> bool:
        """Return whether something of the event itself is in it, as far as is known here."""
        return self.tag or self.content or bool(self.needed)

    def joined(self, other: "Key") -> "Key":
        """Return what is sure of either of two ways."""
        return Key(
            self.needed | other.needed,
            self.tag,
            self.content and other.content,
            self.clock or other.clock,
            self.host or other.host,
            self.touched or other.touched,
            self.kept & other.kept,
        )

    def before(self, steps: Sequence[Step]) -> "Key":
        """Return the key as it is seen before some steps of a chain."""
        key = self
        for step in reversed(steps) if self.needed else ():
            key = key._before(step)
        return key

    def at_first(self, given: frozenset[str]) -> "Key | None":
        """Return the key at a source whose events come with the headers `given` alone; None where
        events lack a part of it, so that no copy is known.
        """
        if self.tag or self.needed <= given | self.kept:
            return replace(self, needed=frozenset())
        return None

    def _before(self, step: Step) -> "Key":
        made = self.needed & step_sets(step)
        if not made or step.declaration is None:
            return self
        keeps = setting_of(step, "preserve") is True
        left = self.needed if keeps else self.needed - made
        key = replace(self, needed=left, kept=self.kept & left, touched=True)
        if step.type == "fingerprint":
            parts = setting_of(step, "of")
            headers = frozenset(str(part) for part in parts if isinstance(part, Header))
            kept = key.kept | made if keeps and not headers - made else key.kept
            return replace(
                key, needed=left | headers, kept=kept, content=key.content or "body" in parts
            )
        if keeps:
            return key
        if step.type == "timestamp":
            return replace(key, clock=True)
        if step.type == "host":
            return replace(key, host=True)
        if step.type == "static":
            return replace(key, host=key.host or varies(step.values["value"].value))
        return replace(key, content=True)


def step_fixes(step: Step) -> frozenset[str]:
    """Return the headers that a step gives one value on all events of an agent on a host."""
    fixes = step.type in ("host", "static") and setting_of(step, "preserve") is not True
    return step_sets(step) if fixes else frozenset()


def key_of(dedup: Value) -> Key:
    """Return the key of a sink's `dedup`, at the sink."""
    headers = frozenset(key_headers(dedup))
    return Key(headers, tag=not headers)


def step_sets(step: Step) -> frozenset[str]:
    """Return the headers that a step sets on some events."""
    found: set[str] = set()
    for name in ("header", "into"):
        held = setting_of(step, name)
        parts = held if isinstance(held, tuple | list) else (held,)
        found.update(str(part) for part in parts if isinstance(part, Header))
    return frozenset(found)
