"""A group of sinks as a script declares it."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from flumec.runtime.component import Sink

InDoubt = Literal["wait", "resend"]


class SinkGroup:
    """Sinks that share one channel. Each row is at one of them at a time.

    `in_doubt` says what happens to rows that a member may have published, and cannot say, as its
    target is away: they "wait" for it, or are repeated by another ("resend").
    """

    kind: ClassVar[str]

    def __init__(self, *members: Sink, in_doubt: InDoubt = "resend") -> None:
        self.members = members
        self.in_doubt: InDoubt = in_doubt


class Failover(SinkGroup):
    """Rows go to the first member that works; one that works again takes over again."""

    kind = "failover"


class Balance(SinkGroup):
    """Each member takes rows as it is done with what it has.

    Of a link's peers each takes by its weight, 1 unless `weights` say it, as long as it keeps up.
    """

    kind = "balance"

    def __init__(
        self, *members: Sink, in_doubt: InDoubt = "resend", weights: Sequence[int] = ()
    ) -> None:
        super().__init__(*members, in_doubt=in_doubt)
        self.weights = tuple(weights) or (1,) * len(members)
        if len(self.weights) != len(members):
            raise ValueError(f"{len(members)} members of a group have {len(self.weights)} weights")
