"""What an agent tells its journal at opening: who it is, its channels and its consumers."""

from dataclasses import dataclass
from typing import Literal

WhenFull = Literal["block", "drop_newest"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who opens the journal; kept in it, so that a copied or moved directory can be told."""

    host: str
    agent: str
    version: str
    bundle: str


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel: room for `size` bytes of bodies (and `events` rows), on disk or in memory.

    With `when_full = "drop_newest"` it is left out of a put for which it has no room, and the rows
    are counted as dropped. `formerly` is its name in an older bundle.
    """

    name: str
    size: int
    durable: bool
    events: int | None = None
    formerly: str | None = None
    when_full: WhenFull = "block"


@dataclass(frozen=True, slots=True)
class ConsumerSpec:
    """The one reader of a channel.

    `kind` is what wrote the cursor's note, marks and intents: one of another kind begins where it
    was, without them.
    """

    name: str
    channel: str
    kind: str = ""
