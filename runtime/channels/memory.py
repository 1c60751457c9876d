"""A channel in memory: what it holds is lost when the agent ends."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from flumec.runtime.channels.risks import dropping, forgetting
from flumec.runtime.component import Channel, Size, at_least, prop
from flumec.runtime.failure import Failure
from flumec.runtime.risk import Risk


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

    @classmethod
    def risks(cls, values: Mapping[str, Any]) -> Iterator[Risk]:
        """Yield that all of it is lost with the process, and at a stop what does not go out."""
        yield from dropping(values)
        yield from forgetting(
            (Failure.KILLED, Failure.POWER_CUT), "what it holds ends with the process"
        )
        yield from forgetting(
            (Failure.BUNDLE_CHANGED,), "what is not delivered within the time of a stop is lost"
        )
