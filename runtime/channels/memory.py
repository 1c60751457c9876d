"""A channel in memory: what it holds is lost when the agent ends."""

from typing import Literal

from flumec.runtime.component import Channel, Size, at_least, prop


class Memory(Channel, type="memory"):
    """Hold events in the agent's memory: no disk, and best effort.

    A source's position moves when its events are put here, so those are lost with the process.
    """

    size: Size = prop(
        "How many bytes of events it may hold.",
        default=Size("64MiB"),
        check=at_least(Size("64KiB")),
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
