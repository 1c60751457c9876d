"""A stream's sessions: beginning one fences those before it, in the writer."""

from collections.abc import Mapping
from dataclasses import dataclass

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.codec import Encoder
from flumec.runtime.journal.entries import (
    Kind,
    record,
)
from flumec.runtime.journal.layout import PAGE
from flumec.runtime.journal.ops import Batch, Op
from flumec.runtime.journal.ranges import union
from flumec.runtime.journal.records import (
    Ranges,
)
from flumec.runtime.journal.state import Stream


@frozen
class Session:
    """A stream's newest session, and which rows of each of the sender's epochs are here.

    Rows below what the sender called settled count as here: it was done with them, and a sender
    that was restored from an older copy would send them again.
    """

    number: int
    have: Mapping[bytes, Ranges]
    elsewhere: str = ""
    """The host that the sender's journal is bound to, where that is another: nothing has begun."""


@dataclass(slots=True)
class SessionOp(Op):
    """A sender's stream begins anew: puts of its older sessions are refused from here on."""

    sender: bytes
    stream: bytes
    live: frozenset[bytes] | None
    host: str = ""
    """The host that the sender has proven to be; "" if it has not."""
    moved: bool = False
    """Whether the sender's journal may be bound to another host from here on."""

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group; an epoch that is forgotten is 20."""
        return PAGE + len(self.sender) + len(self.stream) + 4 * len(self.host)

    def judge(self, batch: Batch) -> Session:
        """Raise the session's number."""
        bound = batch.state.bound.get(self.sender, self.host)
        if self.host and self.host != bound and not self.moved:
            return Session(0, {}, bound)
        key = (self.sender, self.stream)
        known = batch.state.streams.get(key, Stream())
        keep = known.have if self.live is None else self.live
        gone = [epoch for epoch in known.have if epoch not in keep][: PAGE // 64]
        number = known.session + 1
        batch.state.begin_session(key, number, gone)
        out = Encoder()
        out.binary(self.sender)
        out.binary(self.stream)
        out.u64(number)
        out.u32(len(gone))
        for epoch in gone:
            out.binary(epoch)
        if self.host:
            batch.state.bound[self.sender] = self.host
            out.text(self.host)  # last: a runtime that knows none does not look for it
        batch.group.add(record(Kind.SESSION, out.data))
        have = batch.state.streams[key].have
        done = {e: union(ranges, [(0, settled)]) for e, (settled, ranges) in have.items()}
        return Session(number, done)
