"""What an agent tells its journal at opening: who it is, its channels and its consumers."""

from dataclasses import field
from typing import Literal

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.packing import TAG, Compression, Keys
from flumec.runtime.share import Share

WhenFull = Literal["block", "reject", "drop_oldest"]


@frozen
class Settings:
    """What a journal does with bodies, and when it syncs."""

    compression: Compression = "none"
    keys: Keys = field(default_factory=Keys)
    sync_every: float | None = None
    """Seconds until what is written is synced; None: each group is, before it is answered."""

    @property
    def plain(self) -> bool:
        """Whether the last runtime can read all that is written so."""
        unpacked = self.compression == "none" and self.keys.current is None
        return unpacked and self.sync_every is None

    @property
    def added(self) -> int:
        """How many bytes encryption adds to each body."""
        return TAG if self.keys.current is not None else 0


@frozen
class Identity:
    """Who opens the journal; kept in it, so that a copied or moved directory can be told."""

    host: str
    agent: str
    version: str
    bundle: str
    machine: str = ""
    """Which machine it runs on, and which boot of it."""


@frozen
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
    memory: int | None = None
    """Of one on disk that spills: the bytes that it holds in memory, before it uses the disk."""
    share: Share | None = None
    """What it holds of a channel that several hosts read, each for itself."""


@frozen
class ConsumerSpec:
    """The one reader of a channel, or one of the `group` that shares it.

    `kind` is what wrote the cursor's note, marks and intents: one of another kind begins where it
    was, without them. `sends` says that what it reads may be at another host from then on, also
    after a crash: so that is noted before it gets the rows, where rows may be dropped.
    """

    name: str
    channel: str
    kind: str = ""
    sends: bool = False
    group: str = ""
    """How a group shares its channel, `failover` or `balance`; the same for all its members."""
