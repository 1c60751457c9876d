"""A channel on disk: what it holds survives a crash and a power cut."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from flumec.runtime.channels.risks import dropping
from flumec.runtime.component import Channel, JournalRef, Size, at_least, prop
from flumec.runtime.risk import Risk


class File(Channel, type="file"):
    """Hold events in the agent's journal, synced before the source hears that they are stored.

    All file channels share one journal unless they name another, so a copy to a second one costs
    no disk, and a put to several is stored in all of them or in none.
    """

    durable = True
    on_disk = True

    size: Size = prop(
        "How many bytes of events it may hold; the disk must have room for all channels at once.",
        default=Size("1GiB"),
        check=at_least(Size("1MiB")),
    )
    events: int | None = prop(
        "How many events it may hold; without it only `size` counts.",
        default=None,
        check=at_least(1),
    )
    when_full: Literal["block", "reject", "drop_oldest"] = prop(
        "What happens when there is no room: sources wait (`block`), those that can refuse do so "
        "at once (`reject`), or the oldest events that no sink has taken make room and are counted "
        "as dropped (`drop_oldest`).",
        default="block",
    )
    journal: JournalRef | None = prop(
        "The journal that it lies in; without it the agent's `default`.", default=None
    )
    formerly: str | None = prop(
        "The name it had in the last bundle, to rename it without losing what it holds.",
        default=None,
    )

    @classmethod
    def risks(cls, values: Mapping[str, Any]) -> Iterator[Risk]:
        """Yield what it loses, which is only what it is told to drop."""
        yield from dropping(values)
