"""What an agent gives to its parts: the protocols between them and the process around."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket
    from contextlib import AbstractContextManager

    import pyarrow as pa
    from flumec.runtime.clock import Clock
    from flumec.runtime.component import Secret
    from flumec.runtime.disk import Disk
    from flumec.runtime.journal import Journal
    from flumec.runtime.journal.records import (
        Chunk,
        Cursor,
        Intent,
        Outcome,
        Output,
        Progress,
        Received,
        Stored,
        Trouble,
    )
    from flumec.runtime.letters import Letters
    from flumec.runtime.links.messages import Delivery
    from flumec.runtime.links.pulse import Pulse
    from flumec.runtime.sockets import Dial


class Counters(Protocol):
    """Counts of one component, shown as Prometheus metrics with the component's name as a label."""

    def add(self, name: str, amount: int = 1) -> None:
        """Add to a counter; cheap enough for once a batch, not for once an event."""

    def set(self, name: str, value: float) -> None:
        """Set a gauge."""


class Context(Protocol):
    """What every running component gets."""

    agent: str
    host: str
    address: str
    state: Path
    clock: "Clock"
    disk: "Disk"
    log: logging.Logger
    counters: Counters

    @property
    def stopping(self) -> bool:
        """Whether the component is to finish what it has and return."""

    def wait(self, seconds: float) -> bool:
        """Sleep for `seconds` or until the agent stops; return `stopping`. Feeds the watchdog."""

    def rest(self, seconds: float) -> bool:
        """Sleep before another try of what just failed; as `wait` otherwise."""

    def alive(self) -> None:
        """Tell the watchdog that the component's loop has passed."""

    def waiting(self) -> "AbstractContextManager[None]":
        """Say that the component waits for something outside, in any of its threads.

        The watchdog is patient meanwhile; so it must be bounded by a time-out of some minutes.
        """

    def idle(self, idle: bool) -> None:
        """Say whether the component has nothing more to do for now (`run --until-idle` listens)."""

    def fail(self, reason: str) -> None:
        """Say that the component cannot work for now (status, readiness); "" when it can again."""

    def secret(self, secret: "Secret") -> str:
        """Read a credential of the host; raise StartError that says where it was looked for."""

    def listen(self, name: str, host: str, port: int) -> "socket.socket":
        """Return the listening socket that systemd passed by `name`, else bind (host, port)."""


class SourceContext(Context, Protocol):
    """What a source gets. Its chain (interceptors, route) runs in the thread that calls `put`."""

    columns: Sequence[str]
    """Headers that have columns of their own; a source puts all others into the map column."""

    @property
    def positions(self) -> "Mapping[bytes, Progress]":
        """The stored position of each of this source's keys."""

    def put(
        self,
        batch: "pa.RecordBatch | None",
        progress: "Sequence[Progress]" = (),
        *,
        wait: bool = True,
        surely: bool = False,
    ) -> "Future[Outcome]":
        """Send a batch through the chain into the journal; the result comes after the sync, which
        `surely` comes at once.

        With `wait` it blocks for room in all required channels until the agent stops (then the
        result is Full); without, the result is Full at once. Several puts may be under way; they
        are stored in the order of the calls. None for `batch` stores progress alone.
        """


class Consumer(Protocol):
    """A channel's one reader. Rows come in order; nothing is done until `advance` says so."""

    channel: str
    name: str

    @property
    def cursor(self) -> "Cursor":
        """The newest cursor, as recovered or advanced."""

    @property
    def intents(self) -> "Sequence[Intent]":
        """The intents that are not resolved."""

    @property
    def intended(self) -> int:
        """How many intents were ever made, by all starts."""

    @property
    def repeated(self) -> frozenset[int]:
        """Open intents whose rows another delivers: what of them is not published is not to be."""

    @property
    def epoch(self) -> bytes:
        """The journal's current epoch, 16 bytes."""

    @property
    def fullness(self) -> float:
        """The share of the channel's size that is held, 0 to 1."""

    @property
    def careful(self) -> bool:
        """Whether what is read should be delivered before more is: it may be what kills."""

    @property
    def trouble(self) -> "Trouble":
        """What is stored of its failures and deaths."""

    def note(self, trouble: "Trouble") -> "Future[Stored]":
        """Store what the next start must know of its failures."""

    def oldest_born(self) -> int | None:
        """Return when the oldest row that is not done was put; None where there is none."""

    def read(self, timeout: float, max_bytes: int = 8 << 20) -> "list[Chunk]":
        """Return what comes after the rows last read (at first: after the cursor's low), at most
        `max_bytes` of bodies but at least one chunk; an empty list after `timeout` seconds."""  # noqa: D209

    def wake(self) -> None:
        """Have a `read` that waits return, or the next one that would; for any thread."""

    def seek(self, row: int) -> None:
        """Read again from `row` (at or above the cursor's low)."""

    def advance(self, cursor: "Cursor") -> "Future[Stored]":
        """Store the cursor with the next group; its rows' bodies may be freed after that."""

    def intend(self, outputs: "Sequence[Output]") -> "Intent":
        """Store an intent to publish; returns after the sync."""

    def resolve(self, intent: "Intent", cursor: "Cursor | None") -> "Future[Stored]":
        """Close an intent: as committed with its cursor, or, with None, as abandoned."""


class SinkContext(Context, Protocol):
    """What a sink gets: its channel's reader, and the journal that holds the channel."""

    consumer: Consumer
    journal: "Journal"
    letters: "Letters"
    """Where rows go that the sink cannot deliver, if it was given such a place."""


class SenderContext(SinkContext, Protocol):
    """What the sending end of a link gets."""

    def dialler(self, host: str, port: int) -> "Dial":
        """Return what connects to a port of another host, as often as it is called."""

    def pulse(self, raw: "socket.socket", time_out: float) -> "Pulse":
        """Return the signs of life on a connection that has just been made."""

    def attend(self) -> None:
        """Raise Recalled once other peers are to have what this one has; to be called often."""


class Intake(Protocol):
    """A `link` source's chain, as a receiver uses it from any of its threads."""

    @property
    def journal(self) -> "Journal":
        """The journal that remembers what is here, in one step with the rows."""

    def receive(
        self, delivery: "Delivery", received: "Received", stopping: "Callable[[], bool]"
    ) -> "Future[Outcome]":
        """Store what the chain makes of a frame, and that it is here; waits for room.

        Raise Invalid for events that the chain can never take.
        """


class ReceiverContext(Context, Protocol):
    """What the receiving end of links gets. It puts into the journal itself, with `received`."""

    journal: "Journal"

    def pulse(self, raw: "socket.socket", time_out: float) -> "Pulse":
        """Return the signs of life on a connection that has just been made."""

    @property
    def links(self) -> "Mapping[str, tuple[str, tuple[str, ...]]]":
        """The links that come in here: name -> (digest of the wire, channels of its rows).

        No channels: it leads to a source, which is in `intakes`.
        """

    @property
    def intakes(self) -> "Mapping[str, Intake]":
        """The chains of links that lead to a source."""

    def journal_of(self, link: str) -> "Journal":
        """Return the journal that remembers what of a link is here, and holds its channels."""
