"""The receiver's side of one connection, without sockets, threads or clocks.

It makes puts; whether one is stored is the word of the journal's writer.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.ranges import overlaps, union
from flumec.runtime.journal.records import Frame, Outcome, Put, Ranges, Received, Stored
from flumec.runtime.links import memory as memories
from flumec.runtime.links.faults import ProtocolError
from flumec.runtime.links.framing import OVERHEAD
from flumec.runtime.links.greeting import OLDEST, VERSION, Code, Hello, Welcome, common, spoken
from flumec.runtime.links.inspection import Invalid, inspect
from flumec.runtime.links.messages import (
    Ack,
    Bye,
    Data,
    Delivery,
    Message,
    Ping,
    Pong,
    Reject,
)
from flumec.runtime.links.register import Closable, Refusal, Register
from flumec.runtime.tls.settings import Tls

if TYPE_CHECKING:
    from flumec.runtime.context import Intake
    from flumec.runtime.journal import Journal, Session
    from flumec.runtime.links.acceptance import Acceptance

BEFORE = {Hello.kind: 1 << 20}
"""What may come before Hello was answered, with its longest payload."""


def after(largest: int) -> dict[int, int]:
    """Return what may come after, with the longest payloads."""
    return {Data.kind: largest + OVERHEAD, Ping.kind: 8, Pong.kind: 8, Bye.kind: OVERHEAD}


@frozen
class Station:
    """Where links come in: the same for every connection of a receiver."""

    host: str
    agent: str
    journal: "Journal"
    links: Mapping[str, tuple[str, tuple[str, ...]]]
    register: Register
    largest: int
    retry_after: float = 30.0
    """Seconds that a refused sender is told to wait."""
    journal_of: "Callable[[str], Journal] | None" = None
    """The journal of each link's rows, where an agent has several."""
    intakes: Mapping[str, "Intake"] = field(default_factory=dict)
    """The chains of links that lead to a source, and to no channel at once."""
    tls: Tls = "none"
    acceptance: "Acceptance | None" = None
    """A person's word that a sender's journal has moved to another host."""


class ReceiverSession:
    """One connection: Hello is answered, then each Data becomes a put, and each stored put an Ack.

    Not safe for threads: the connection's lock is around every call.
    """

    def __init__(self, station: Station) -> None:
        self._station = station
        self.journal = station.journal
        """Where the rows of its link lie."""
        self.intake: Intake | None = None
        """The chain that they go through, if they do."""
        self._channels: tuple[str, ...] = ()
        self._hello: Hello | None = None
        self._version = VERSION
        self._session = 0
        self._have: dict[bytes, Ranges] = {}
        self._epochs: dict[bytes, tuple[int, int]] = {}
        self._stored: dict[bytes, list[tuple[int, int]]] = {}
        self._credit = 0
        self._held = 0
        self.skew = 0.0
        """The sender's clock less ours at its Hello, in seconds."""

    def hello(self, hello: Hello, connection: Closable, clock: int) -> Welcome:
        """Answer Hello; raise Refusal with what the sender is to be told.

        When this returns, what an older connection of the stream still held is stored or refused.
        """
        self._channels = self._agreed(hello)
        if self._station.journal_of is not None:
            self.journal = self._station.journal_of(hello.link)
        self.intake = self._station.intakes.get(hello.link)
        self._station.register.admit(hello, connection)
        try:
            return self._welcome(hello, clock)
        except BaseException:
            self._station.register.release(hello, connection)
            raise

    def _agreed(self, hello: Hello) -> tuple[str, ...]:
        """Return the link's channels if both ends were built from one description."""
        here = f"agent `{self._station.agent}` on {self._station.host}"
        there = f"agent `{hello.agent}` on {hello.host}"
        wait = self._station.retry_after
        version = common(hello.minimum, hello.maximum)
        if version is None:
            raise Refusal(
                Code.VERSION,
                f"{there} speaks {spoken(hello.minimum, hello.maximum)}, {here} speaks "
                f"{spoken(OLDEST, VERSION)}: bring both to the same release, receivers first",
                wait,
            )
        self._version = version
        if hello.link not in self._station.links:
            known = ", ".join(f"`{name}`" for name in sorted(self._station.links)) or "none"
            raise Refusal(
                Code.UNKNOWN_LINK,
                f"{there} comes with link `{hello.link}`, {here} knows {known}: build both from "
                "the same files and roll out the receiver first",
                wait,
            )
        wire, channels = self._station.links[hello.link]
        if wire != hello.wire:
            raise Refusal(
                Code.WIRE,
                f"link `{hello.link}`: {there} has wire {hello.wire}, {here} has {wire}: they were "
                "built from different descriptions; build both from the same files",
                wait,
            )
        return channels

    def _welcome(self, hello: Hello, clock: int) -> Welcome:
        journal = self.journal
        live = [one.epoch for one in hello.epochs]
        session = self._begin(hello, live)
        if hello.receiver == journal.uuid:
            rows = memories.lost(dict(hello.acked), session.have)
            if rows:
                raise Refusal(Code.BEHIND, _behind(self._station, journal, hello, rows), 60.0, rows)
        self._hello, self._session = hello, session.number
        self._have = dict(session.have)
        self._epochs = {one.epoch: (one.first, one.end) for one in hello.epochs}
        self._credit = self._station.register.share()
        self.skew = (hello.clock - clock) / 1e9
        have = tuple((epoch, self._have[epoch]) for epoch in self._epochs if epoch in self._have)
        return Welcome(
            self._version, journal.uuid, journal.epoch, session.number, have, self._credit,
            self._station.largest, clock,
        )  # fmt: skip

    def _begin(self, hello: Hello, live: list[bytes]) -> "Session":
        """Begin a session; raise Refusal for a journal that came from another host until now."""
        proven = self._station.tls == "mutual"
        host = hello.host.lower() if proven else ""
        session = self.journal.session(hello.journal, hello.stream, live, host)
        if not session.elsewhere:
            return session
        accepted = self._station.acceptance
        if accepted is None or accepted.journal() != hello.journal:
            raise Refusal(Code.CLONED, _elsewhere(self._station, hello, session.elsewhere), 30.0)
        accepted.remove()
        return self.journal.session(hello.journal, hello.stream, live, host, moved=True)

    def take(self, delivery: Delivery) -> Put | Reject:
        """Make a put of a Data message, or reject it for good; raise ProtocolError.

        The body is decoded and validated here, once. Of what goes through a chain, the put has the
        receipt alone.
        """
        data = delivery.head
        self._expected(data, delivery.size)
        self._held += delivery.size
        self._credit -= delivery.size
        try:
            inspect(delivery.body, data.rows)
        except Invalid as error:
            return self.rejected(delivery, str(error))
        known = self._have.get(data.epoch, ())
        self._have[data.epoch] = union(known, [(0, data.settled), (data.first, data.end)])
        assert self._hello is not None
        frame = Frame(
            self._channels, data.rows, delivery.body, data.born, data.tags, data.crc
        )  # fmt: skip
        return Put(
            frames=() if self.intake is not None else (frame,),
            received=Received(
                self._hello.journal, self._hello.stream, self._session,
                data.epoch, ((data.first, data.end),), data.settled,
            ),
        )  # fmt: skip

    def rejected(self, delivery: Delivery, reason: str) -> Reject:
        """Reject what will never be put, for good; it takes no credit any more.

        A sender of protocol 1 cannot be told so, and stops or connects anew.
        """
        data, credit = delivery.head, None
        if self._version > 1:
            credit = delivery.size
            self._held -= credit
            self._credit += credit
        return Reject(data.epoch, data.first, data.end, reason, credit)

    def _expected(self, data: Data, size: int) -> None:
        """Require what every sender holds to; raise ProtocolError."""
        first, end = self._epochs.get(data.epoch, (0, 0))
        if data.session != self._session:
            raise ProtocolError(f"data of session {data.session} in session {self._session}")
        if not first <= data.first < data.end <= end:
            raise ProtocolError(
                f"rows {data.first} to {data.end} are outside of epoch {data.epoch.hex()}"
            )
        if data.rows != data.end - data.first or sum(run.count for run in data.tags) != data.rows:
            raise ProtocolError(f"{data.rows} rows whose numbers or tags are another count")
        if data.settled > data.first:
            raise ProtocolError(f"row {data.first} is sent although settled up to {data.settled}")
        if overlaps(self._have.get(data.epoch, ()), [(data.first, data.end)]):
            raise ProtocolError(f"rows {data.first} to {data.end} are sent although they are here")
        if size > self._credit and (self._credit <= 0 or self._held):
            raise ProtocolError(f"{size} bytes where the credit is {self._credit}")

    def settled(self, delivery: Delivery, outcome: Outcome) -> None:
        """Note what became of a put; raise ProtocolError if the journal refused it."""
        if not isinstance(outcome, Stored):
            raise ProtocolError(f"the journal did not store rows of this session: {outcome}")
        data = delivery.head
        self._held -= delivery.size
        self._stored.setdefault(data.epoch, []).append((data.first, data.end))

    def ack(self) -> Ack | None:
        """Return the acknowledgement of all that was stored since the last, with new credit."""
        if not self._stored:
            return None
        stored = tuple((epoch, union((), ranges)) for epoch, ranges in self._stored.items())
        self._stored = {}
        credit = max(0, self._station.register.share() - self._held - self._credit)
        self._credit += credit
        return Ack(stored, credit)

    def on(self, message: Message) -> Pong | None:
        """Take a message other than Hello and Data; return the answer if it has one."""
        match message:
            case Ping():
                return Pong(message.time)
            case Pong():
                return None
            case _:
                raise ProtocolError(f"{type(message).__name__} from a sender")


def _elsewhere(station: Station, hello: Hello, bound: str) -> str:
    """Say that a journal is another host's, and what to do in either case."""
    text = (
        f"journal {hello.journal.hex()} belongs to {bound}, whose certificate it came with, and "
        f"now comes from {hello.host}: was this machine cloned, or its state copied? Give agent "
        f"`{hello.agent}` on {hello.host} a state directory of its own"
    )
    if station.acceptance is None:
        return text
    how = station.acceptance.how(hello.journal)
    return f"{text}. If {bound} has become {hello.host}, say so on {station.host}: {how}"


def _behind(station: Station, journal: "Journal", hello: Hello, rows: int) -> str:
    return (
        f"journal {journal.uuid.hex()} of agent `{station.agent}` on {station.host} lacks "
        f"up to {rows} rows of link `{hello.link}` that it acknowledged: it was restored from an "
        "older copy"
    )
