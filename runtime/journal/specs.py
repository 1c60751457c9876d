"""What an agent tells its journal at opening: who it is, its channels and its consumers."""

from dataclasses import dataclass
from typing import Literal

WhenFull = Literal["block", "reject", "drop_oldest"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who opens the journal; kept in it, so that a copied or moved directory can be told."""

    host: str
    agent: str
    version: str
    bundle: str
    machine: str = ""
    """Which machine it runs on, and which boot of it."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel: room for `size` bytes of bodies (and `events` rows), on disk or in memory.

    Without room a put waits or hears `Full`, which says whether the channel rejects. With
    `drop_oldest` rows that its consumer has not read make room, and are counted as dropped.
    `formerly` is its name in an older bundle.
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
    was, without them. `sends` says that what it reads may be at another host from then on, also
    after a crash: so that is noted before it gets the rows, where rows may be dropped.
    """

    name: str
    channel: str
    kind: str = ""
    sends: bool = False
