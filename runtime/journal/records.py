"""What goes into a journal and comes out of it, as values; `layout` gives them their bytes."""

import builtins
from collections.abc import Mapping
from dataclasses import field
from typing import Literal, NamedTuple

from flumec.runtime.frozen import frozen
from pyarrow import Buffer

Ranges = tuple[tuple[int, int], ...]
"""Sorted, disjoint, not adjacent half-open row ranges: ((first, end), …)."""


@frozen
class TagRun:
    """`count` consecutive tags (epoch, row), (epoch, row + 1), … of another journal."""

    epoch: bytes
    row: int
    count: int


@frozen
class Frame:
    """Rows of one put that go to the same set of channels.

    `body` is one self-contained Arrow IPC stream of `rows` rows. `born` is the time of the first
    put in nanoseconds, None to have the writer stamp it; `tags` None means that the rows' own
    numbers are their tags. `crc` is the body's CRC-32, where the putter knows it already.
    """

    channels: tuple[str, ...]
    rows: int
    body: Buffer
    born: int | None = None
    tags: tuple[TagRun, ...] | None = None
    crc: int | None = None


@frozen
class Progress:
    """How far a source has come with one input, `key` (a file, a client, a partition).

    The put is accepted only if the stored `to` of (source, key) equals `start` (b"" where nothing
    is stored). `start`, `to` and `identity` are opaque to the journal; an empty `identity` keeps
    the one that is stored. `done` forgets the key.
    """

    source: str
    key: bytes
    start: bytes
    to: bytes
    identity: bytes = b""
    done: bool = False


@frozen
class Received:
    """Which rows of a sender's journal a put brings.

    Refused unless `session` is the stream's newest and no row of `ranges` is already here. Rows of
    `epoch` below `settled` may be forgotten, and are never taken again.
    """

    sender: bytes
    stream: bytes
    session: int
    epoch: bytes
    ranges: Ranges
    settled: int


@frozen
class Aside:
    """Rows above a consumer's cursor that it never reads again, and what became of them.

    Refused unless all of `ranges` is at or above the consumer's stored low, and none of it is set
    aside already: so no row gets two dead letters.
    """

    consumer: str
    ranges: Ranges
    reason: Literal["dead_lettered", "dropped"] = "dead_lettered"


@frozen
class Put:
    """One transaction of a source or receiver: all of it is stored, or nothing.

    `optional` names channels that are left out of this put, and counted, where they have no room.
    """

    frames: tuple[Frame, ...] = ()
    progress: tuple[Progress, ...] = ()
    received: Received | None = None
    optional: frozenset[str] = frozenset()
    dropped: int = 0
    """Rows that a route sent to `drop` or a filter took out: counted, with the put."""
    aside: Aside | None = None
    """What a consumer is rid of by this put: its frames are those rows' dead letters."""
    surely: bool = False
    """Answered after a sync in every journal: what is stored elsewhere then stands on it."""


@frozen
class Stored:
    """The put is stored, its rows numbered from `first`; synced, unless the journal defers that."""

    first: int
    rows: int


@frozen
class Full:
    """Nothing was stored: `channel` has no room.

    `rejects` says that whoever asks again is not to wait for it (`when_full = reject`).
    """

    channel: str
    rejects: bool = False


@frozen
class Refused:
    """Nothing was stored: a position, a session or a row range was not as it must be."""

    reason: str


Outcome = Stored | Full | Refused


@frozen
class Chunk:
    """A stored frame, or what a consumer has not read of it: rows `first` to `first + rows`.

    `skip` rows of the body's batch come before `first`. `epoch` is the journal's when it stored
    them, `crc` the body's CRC-32 where it is known.
    """

    first: int
    rows: int
    skip: int
    epoch: bytes
    born: int
    tags: tuple[TagRun, ...] | None
    body: Buffer
    crc: int | None = None
    stored: int | None = None
    """The bytes that the frame takes in its channel, where they are not the body's."""
    kept: bool = False
    """Whether it is in memory only, although its channel has a part on disk."""

    @property
    def held(self) -> int:
        """The bytes that the frame takes in its channel."""
        return self.body.size if self.stored is None else self.stored

    @property
    def end(self) -> int:
        """The row after the last."""
        return self.first + self.rows


class Extent(NamedTuple):
    """Where a frame begins and ends, and how much it takes: a chunk without its body."""

    first: int
    end: int
    held: int
    born: int
    kept: bool = False


@frozen
class Cursor:
    """What a consumer has done: every row below `low`, and in each bucket the rows below its mark.

    `delivered` and the other counts are of the rows newly done. `note` is the consumer's own memory
    (a path template's digest; the receiver's journal and what it acknowledged).
    """

    low: int
    ahead: Mapping[str, int] = field(default_factory=dict)
    delivered: int = 0
    dropped: int = 0
    dead_lettered: int = 0
    note: bytes = b""


@frozen
class Attempt:
    """Rows `row` to `end` that a consumer has `in_hand`, or that it died of, and how often.

    An attempt that a start finds in hand is one that the process died with. `error` says what the
    last death was, `by` which program died: another one may do better.
    """

    row: int
    end: int
    count: int
    in_hand: bool = False
    error: str = ""
    by: str = ""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.end - self.row


@frozen
class Trouble:
    """What a consumer's next start must know: what it died of, and since when nothing succeeds."""

    attempt: Attempt | None = None
    failing_since: int = 0
    """In nanoseconds since 1970; 0 while its target can be reached."""
    tries: int = 0


NO_TROUBLE = Trouble()


@frozen
class Output:
    """One hidden file that an intent publishes."""

    bucket: str
    first: int
    end: int
    rows: int
    hidden: str
    final: str
    bytes: int
    digest: "builtins.bytes" = b""


@frozen
class Intent:
    """A consumer's promise to publish `outputs`; open until it is resolved, also over restarts."""

    number: int
    outputs: tuple[Output, ...]


@frozen
class ChannelStats:
    """A channel's rows since it was made: put = delivered + dropped + dead_lettered + held."""

    put: int
    delivered: int
    dropped: int
    dead_lettered: int
    held: int
    held_bytes: int
    size: int
    oldest_born: int | None
    in_memory: int = 0
    """Rows that are in memory only, of a channel that spills; of `held_bytes` so many bytes."""
    memory_bytes: int = 0
    memory_size: int = 0


@frozen
class EpochRows:
    """The rows that one opening of the journal numbered: `first` to `end`, None if open."""

    epoch: bytes
    first: int
    end: int | None
