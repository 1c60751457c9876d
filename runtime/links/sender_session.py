"""The sender's side of one connection, without sockets, threads or clocks."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Ranges
from flumec.runtime.links import memory as memories
from flumec.runtime.links.faults import (
    Disconnected,
    LinkFault,
    LostAfterAck,
    ProtocolError,
    Turned,
    Unsendable,
)
from flumec.runtime.links.framing import OVERHEAD
from flumec.runtime.links.greeting import (
    OLDEST,
    VERSION,
    Code,
    Epoch,
    Hello,
    Refuse,
    Welcome,
    spoken,
)
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
from flumec.runtime.links.parcel import Parcel, parcels
from flumec.runtime.links.ranges import missing

if TYPE_CHECKING:
    from flumec.runtime.journal.records import Chunk
    from flumec.runtime.links.ledger import Ledger

BEFORE = {Welcome.kind: 16 << 20, Refuse.kind: OVERHEAD}
"""What may come before the link is welcome, with the longest payloads."""
AFTER = {Ack.kind: 16 << 20, Reject.kind: OVERHEAD, Ping.kind: 8, Pong.kind: 8, Bye.kind: OVERHEAD}
"""What may come after."""


@frozen
class Sender:
    """Who speaks: what Hello says of the sender, the same for every connection of a process."""

    link: str
    wire: str
    host: str
    agent: str
    machine: str
    journal: bytes
    epoch: bytes
    largest: int
    peer: str = ""
    """The receiving host, of a link that has several: each is a target of its own."""

    @property
    def target(self) -> bytes:
        """Where the link leads, as its memory has it."""
        return memories.digest(self.link, *filter(None, [self.peer]))


class SenderSession:
    """One connection: Hello, Welcome or Refuse, then Data within credit, until something ends it.

    One that `forgives` goes on with whichever journal answers, whatever the former one had
    acknowledged, as somebody said that it is lost. With `buries`, what is rejected becomes dead
    letters, and the connection goes on. Below the row `careful` one message is under way at a time:
    if it is rejected again, nothing behind it is in doubt.
    """

    def __init__(
        self,
        sender: Sender,
        ledger: "Ledger",
        *,
        forgives: bool = False,
        buries: bool = False,
        careful: int = 0,
    ) -> None:
        self._sender = sender
        self._ledger = ledger
        self._forgives = forgives
        self._buries = buries
        self._careful = careful
        self.rejected: deque[Reject] = deque()
        """What is under way, and is to be buried."""
        self.have: Mapping[bytes, Ranges] = {}
        """What the receiver had at the Welcome, by epochs."""
        self._live: frozenset[bytes] = frozenset()
        self._session = 0
        self._largest = sender.largest
        self.credit = 0
        self.skew = 0.0
        """The receiver's clock less ours at the Welcome, in seconds."""

    def hello(self, epochs: tuple[Epoch, ...], clock: int) -> Hello:
        """Return the first message; epochs that are remembered are listed with the live ones.

        So are those that only the disk knows of: what is not listed the receiver forgets, and after
        a kill that would seem to be a loss.
        """
        known, sender = self._ledger.memory, self._sender
        listed = {one.epoch for one in epochs}
        acked = {**self._ledger.noted.acked, **known.acked}
        gone = tuple(
            Epoch(one, 0, end, end) for one, (_, end) in acked.items() if one not in listed
        )
        self._live = frozenset(listed)
        trusted = not self._forgives
        return Hello(
            OLDEST, VERSION, sender.link, sender.wire, sender.host, sender.agent, sender.machine,
            sender.journal, sender.epoch, known.stream, (*gone, *epochs),
            known.receiver if trusted else memories.NOBODY,
            tuple(known.acked.items()) if trusted else (),
            sender.largest, clock,
        )  # fmt: skip

    def opened(self, message: Message | Delivery, clock: int) -> None:
        """Take the answer to Hello; raise Turned, LostAfterAck, ProtocolError if it is no yes."""
        if isinstance(message, Refuse):
            raise _refusal(message, self._ledger.memory)
        if not isinstance(message, Welcome):
            raise ProtocolError(f"{type(message).__name__} in answer to Hello")
        if not OLDEST <= message.version <= VERSION:
            offered = spoken(OLDEST, VERSION)
            raise ProtocolError(f"it chose link protocol {message.version}; offered was {offered}")
        have = dict(message.have)
        self._recognise(message.journal, have)
        self.have, self._session, self.credit = have, message.session, message.credit
        self._largest = min(self._sender.largest, message.largest)
        self.skew = (message.clock - clock) / 1e9

    def _recognise(self, journal: bytes, have: Mapping[bytes, Ranges]) -> None:
        """Compare what the receiver has with what it acknowledged: less is an alarm, no resume."""
        known = self._ledger.memory
        target = self._sender.target
        moved = known.receiver != journal and known.target != target
        if self._forgives or known.receiver == memories.NOBODY or moved:
            self._ledger.memory = replace(known, target=target, receiver=journal, acked={})
            return
        if known.receiver != journal:
            raise LostAfterAck(_another(known.receiver, journal), journal, 0)
        if rows := memories.lost(known.acked, have):
            raise LostAfterAck(_less(journal, rows), journal, rows)
        self._ledger.memory = replace(known, target=target, receiver=journal)

    def parcels(self, chunk: "Chunk") -> Iterator[tuple[Data, Parcel]]:
        """Yield what of a chunk the receiver has not, as messages to be sent in this order.

        Chunks come in the order of the channel, and each message is `sent` before the next is asked
        for. Rows that the receiver has are settled on the way.
        """
        have = self.have.get(chunk.epoch, ())
        wanted = missing(chunk.first, chunk.end, have)
        at = chunk.first
        for parcel in parcels(chunk, wanted, self._largest):
            self._had(chunk.epoch, at, parcel.first)
            yield self._data(parcel), parcel
            at = parcel.end
        self._had(chunk.epoch, at, chunk.end)

    def _had(self, epoch: bytes, first: int, end: int) -> None:
        if first < end:
            self._ledger.had(epoch, first, end, self._live)

    def _data(self, parcel: Parcel) -> Data:
        return Data(
            self._session, parcel.epoch, parcel.first, parcel.end, parcel.end - parcel.first,
            parcel.born, min(self._ledger.durable, parcel.first), parcel.crc,
            parcel.tags,
        )  # fmt: skip

    def may_send(self, size: int) -> bool:
        """Say whether there is credit for a message of `size` bytes.

        A frame larger than all credit may go alone, or it would wait for ever.
        """
        if not self._ledger.under_way:
            return self.credit > 0
        return size <= self.credit and not self.hindered

    @property
    def hindered(self) -> bool:
        """Whether rows that were rejected once are not yet taken."""
        return self._ledger.low < self._careful

    def sent(self, data: Data, size: int) -> None:
        """Note that a message of `size` bytes is about to go out."""
        self.credit -= size
        self._ledger.sent(data.epoch, data.first, data.end)

    def _rejects(self, reject: Reject) -> None:
        """Note what is to be buried; raise Unsendable where the connection cannot go on after it.

        A receiver of protocol 1 does not give the credit back, and would stop at its end.
        """
        if not self._ledger.bears(reject.epoch, reject.first, reject.end):
            rows = f"rows {reject.first} to {reject.end}"
            raise ProtocolError(f"it rejects {rows}, which are not under way")
        if not self._buries or reject.credit is None:
            raise Unsendable(_rejection(reject), reject.first, reject.end)
        self.credit += reject.credit
        self.rejected.append(reject)

    def on(self, message: Message | Delivery) -> Message | None:
        """Take a message, return its answer if it has one; raise the LinkFault that it means."""
        match message:
            case Ack():
                for epoch, ranges in message.stored:
                    self._ledger.acknowledge(epoch, ranges, self._live)
                self.credit += message.credit
            case Ping():
                return Pong(message.time)
            case Pong():
                pass
            case Reject():
                self._rejects(message)
            case Bye():
                raise Disconnected(f"the receiver said goodbye: {message.text}")
            case _:
                raise ProtocolError(f"{type(message).__name__} from a receiver")
        return None


def _rejection(reject: Reject) -> str:
    rows = f"rows {reject.first} to {reject.end} of epoch {reject.epoch.hex()}"
    return f"the receiver rejects {rows}: {reject.text}"


def _refusal(refuse: Refuse, memory: memories.Memory) -> LinkFault:
    if refuse.code == Code.BEHIND:
        return LostAfterAck(refuse.text, memory.receiver, refuse.rows)
    return Turned(refuse.text, refuse.retry_ms / 1000)


def _another(known: bytes, journal: bytes) -> str:
    return (
        f"another journal answers ({journal.hex()}) than the one that acknowledged rows of this "
        f"channel ({known.hex()}): the receiver was reinstalled, or its state directory replaced"
    )


def _less(journal: bytes, rows: int) -> str:
    return (
        f"the receiver's journal {journal.hex()} lacks up to {rows} rows that it acknowledged: "
        "it was restored from an older copy"
    )
