"""What the key of a `dedup` is made of, seen from further and further before its sink.

A key knows the copies of an event as such if it is the same in all of them: made of what came with
the event, and not of the clock, or of the host, between where the copies part and the sink.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flumec.compiler.deduplicated import key_headers
from flumec.compiler.headers.making import fills_gaps, making, set_by
from flumec.compiler.headers.steps import keeps
from flumec.compiler.model import Step, Value
from flumec.compiler.proofs.claim import Copies


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

    def at_first(self, given: frozenset[str], sent: frozenset[str]) -> "Key | None":
        """Return the key at a source that gives its events the headers `given`, one value to many,
        and whose clients send those of `sent` alone; None where events lack a part of it, so that
        no copy is known.
        """
        if self.tag or self.needed <= given | sent | self.kept:
            return replace(self, needed=(self.needed & sent) - given)
        return None

    def _before(self, step: Step) -> "Key":
        made = self.needed & set_by(step)
        if not made:
            return self
        if fills_gaps(step):
            return replace(self, kept=self.kept & self.needed, touched=True)
        of = making(step)
        headers = frozenset(of.headers)
        left = (self.needed if keeps(step) else self.needed - made) | headers
        kept = self.kept | made if keeps(step) and not headers - made else self.kept
        return replace(
            self,
            needed=left,
            kept=kept & left,
            touched=True,
            content=self.content or of.body,
            clock=self.clock or of.clock,
            host=self.host or of.host or of.varied,
        )


def key_of(dedup: Value) -> Key:
    """Return the key of a sink's `dedup`, at the sink."""
    headers = frozenset(key_headers(dedup))
    return Key(headers, tag=not headers)
