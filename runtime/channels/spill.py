"""A channel in memory that uses the disk when that is full: fast while its sink keeps up."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from flumec.runtime.channels.risks import dropping, forgetting
from flumec.runtime.component import Channel, JournalRef, Size, at_least, prop
from flumec.runtime.failure import Failure, Harm
from flumec.runtime.risk import Risk

_HAS_ROOM = "when an agent is stopped, `size` of its `spill` channels has room for their memory"


class Spill(Channel, type="spill"):
    """Hold events in memory first, and in the journal what has no room there; the order is kept.

    A put that fits into memory costs no disk and waits for no sync, so it is best effort: what is
    in memory is lost with a process that is killed. What lies on disk is not, and an agent that is
    stopped in order writes there what it has in memory, as far as `size` has room.
    """

    on_disk = True

    memory: Size = prop(
        "How many bytes of events it may hold in memory.",
        default=Size("64MiB"),
        check=at_least(Size("64KiB")),
    )
    size: Size = prop(
        "How many bytes of events it may hold on disk; by `memory` more than an outage fills, so "
        "that an agent that is stopped meanwhile loses nothing.",
        default=Size("1GiB"),
        check=at_least(Size("1MiB")),
    )
    events: int | None = prop(
        "How many events it may hold, in memory and on disk together; without it only bytes count.",
        default=None,
        check=at_least(1),
    )
    when_full: Literal["block", "reject", "drop_oldest"] = prop(
        "What happens when there is no room in memory nor on disk: sources wait (`block`), those "
        "that can refuse do so at once (`reject`), or the oldest events that no sink has taken "
        "make room and are counted as dropped (`drop_oldest`).",
        default="block",
    )
    journal: JournalRef | None = prop(
        "The journal that it spills into; without it the agent's `default`.", default=None
    )
    formerly: str | None = prop(
        "The name it had in the last bundle, to rename it without losing what it holds.",
        default=None,
    )

    @classmethod
    def risks(cls, values: Mapping[str, Any]) -> Iterator[Risk]:
        """Yield that what is in memory is lost with the process, and what has no room at a stop."""
        yield from dropping(values)
        yield from forgetting(
            (Failure.KILLED, Failure.POWER_CUT), "what it has in memory ends with the process"
        )
        fits = values["size"] >= values["memory"]
        yield Risk(
            Failure.BUNDLE_CHANGED,
            Harm.LOSES,
            "a stop has no room on disk for all that is in memory",
            f"a `size` of {values['memory']} and more",
            "size",
            unless=_HAS_ROOM if fits else "",
        )
