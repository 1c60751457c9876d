"""The block `dedup { … }` of sinks that publish files."""

from typing import Literal

from flumec.runtime.component import (
    ChannelRef,
    Duration,
    Header,
    Section,
    at_least,
    not_empty,
    prop,
)


class Dedup(Section):
    """One copy of each event: a row whose key was seen within the window is not written again."""

    key: Header | Literal["tag"] | tuple[Header, ...] = prop(
        "What names an event: a header, several, or the tag that its first journal gave it. A row "
        "that lacks one of the headers is written.",
        check=not_empty(),
    )
    window: Duration = prop(
        "How long a key is known after its event was published.",
        default=Duration("24h"),
        check=at_least(Duration("10m")),
    )
    late: ChannelRef | Literal["drop"] | None = prop(
        "Where an event goes that is older than the window, less five minutes for clocks: a "
        "channel, or `drop`; without it, to the sink's `dead_letter` channel.",
        default=None,
    )
