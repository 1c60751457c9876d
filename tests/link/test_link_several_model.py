"""One sender and two receivers, their real journals and sessions, and no trust in anything else.

With `wait` every event is at one of the two, once; with `resend` at one of them at least. A step is
a put, a send, a receipt, an acknowledgement, a cursor, a cut, a return of what is not there, a kill
or a power cut, by chance. What an old connection held is delivered late.

In some worlds a receiver rejects certain events. They become dead letters, once these have room;
where there are none the link stands, until a chance cures the receiver. Nobody else gets them.
"""

import os
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
import thorough
from flumec.runtime.batch import decode
from flumec.runtime.clock import SystemClock
from flumec.runtime.groups.returning import give_back
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.member import Member
from flumec.runtime.journal.records import Cursor, Frame, Put, Stored
from flumec.runtime.letters import Letters
from flumec.runtime.links import memory as memories
from flumec.runtime.links.burying import bury
from flumec.runtime.links.faults import ProtocolError, Unsendable
from flumec.runtime.links.framing import frame
from flumec.runtime.links.ledger import Ledger
from flumec.runtime.links.messages import Ack, Data, Delivery, Reject
from flumec.runtime.links.numbering import LaneNumbering
from flumec.runtime.links.parcel import Parcel
from flumec.runtime.links.receiver_session import ReceiverSession, Station
from flumec.runtime.links.register import Register
from flumec.runtime.links.sender_session import Sender, SenderSession
from flumec.runtime.testing import NOTHING

from tests.link.test_link_model import FOLDER, LINK, WIRE, Down, Line, Machine, body, over_the_wire

SEEDS = thorough.share(int(os.environ.get("LINK_SEEDS", "400")))
"""Worlds of the slow test, of each kind; 20,000 take an hour."""


class Tailer(Machine):
    """The sender: two links share its channel."""

    def start(self) -> None:
        self.disk.make_directory(FOLDER)
        self.journal = Journal.open(
            FOLDER, disk=self.disk, clock=SystemClock(), identity=Identity("a", "a", "0", "0"),
            channels=[ChannelSpec(name, 1 << 20, durable=True) for name in ("out", "dead")],
            sources=[],
            consumers=[
                ConsumerSpec("coroner", "dead"),
                *(
                    ConsumerSpec(
                        f"to-{n}", "out", f"sender arrow {n}", sends=True, group="failover"
                    )
                    for n in (0, 1)
                ),
            ],
            segment_size=128 << 10,
        )  # fmt: skip
        self.up = True


class Peer:
    """One receiver, and the sender's link to it."""

    def __init__(self, world: "World", number: int) -> None:
        self.world, self.number = world, number
        self.machine = Machine(f"b{number}", ("in",))
        self.line: Line | None = None
        self.late: deque[Line] = deque(maxlen=4)
        self.messages: Iterator[tuple[Data, Parcel]] | None = None
        self.picky = world.refuses and world.chance.random() < 0.7
        self.since_welcome: set[int] | None = None
        """The numbers sent since it last said what it has; None before that."""
        self.start()

    def start(self) -> None:
        self.machine.start()
        self.station = Station(
            "b",
            "b",
            self.machine.journal,
            {LINK: (WIRE, ("in",))},
            Register(3000, 3000, 9),
            1 << 20,
        )

    def open(self, *, again: bool = False) -> None:
        """Begin the link's life, as `Sending` does; `again` in the same process."""
        journal = self.world.tailer.journal
        self.member = cast("Member", journal.consumer(f"to-{self.number}"))
        self.member.surely = True
        self.numbering = LaneNumbering(self.member)
        largest = self.world.chance.choice((420, 1 << 20))
        self.sender = Sender(
            LINK, WIRE, "a", "a", "m", journal.uuid, journal.epoch, largest, f"b{self.number}"
        )
        cursor = self.member.cursor
        known = memories.unpack(cursor.note) if cursor.note else None
        memory = self.numbering.begin(known, self.sender, cursor.low)
        if memory != known:
            self.member.advance(Cursor(cursor.low, note=memory.pack())).result()
        self.ledger = Ledger(cursor.low, memory)
        self.since_welcome = self.since_welcome if again else None

    def connect(self) -> None:
        if self.line is not None:
            return
        buries = self.world.buries
        careful = 0 if buries else self.numbering.hindered()
        session = SenderSession(self.sender, self.ledger, buries=buries, careful=careful)
        line = Line(session, ReceiverSession(self.station))
        epochs = self.numbering.epochs(self.ledger.memory, self.ledger.durable)
        hello = over_the_wire(frame(line.sender.hello(epochs, 0)))
        welcome = line.receiver.hello(cast("Any", hello), line, 0)
        if self.world.chance.random() < 0.2:
            return  # the answer is lost
        line.sender.opened(over_the_wire(frame(welcome)), 0)
        self.numbering.welcomed(line.sender.have)
        self.since_welcome = set()
        self.member.seek(self.ledger.low)
        self.line, self.messages = line, None

    def read(self, line: Line) -> Iterator[tuple[Data, Parcel]] | None:
        chunks = self.member.read(0, 1)
        if not chunks:
            return None
        named = self.numbering.named(chunks[0], self.ledger.memory)
        return (message for chunk in named for message in line.sender.parcels(chunk))

    def send(self) -> None:
        line = self.line
        if line is None:
            return
        self.messages = self.messages or self.read(line)
        if self.messages is None:
            return
        line.ready = line.ready or next(self.messages, None)
        if line.ready is None:
            self.messages = None
            return
        data, parcel = line.ready
        parts = frame(data, parcel.body)
        size = sum(len(part) for part in parts)
        if line.sender.may_send(size):
            self.numbering.sends(data.end)
            self.world.goes(parcel, self.number)
            assert self.since_welcome is not None
            self.since_welcome.update(range(data.first, data.end))
            line.sender.sent(data, size)
            line.data.append(parts)
            line.ready = None

    def receive(self) -> None:
        if self.line is not None:
            self.deliver(self.line)

    def deliver(self, line: Line) -> None:
        if not line.data:
            return
        delivery = over_the_wire(line.data.popleft())
        assert isinstance(delivery, Delivery)
        put = line.receiver.take(delivery)
        assert isinstance(put, Put), put
        if self.picky and any(value % 5 == 3 for value in values(delivery.body)):
            line.acks.append(frame(line.receiver.rejected(delivery, "no")))
            return
        line.receiver.settled(delivery, self.machine.journal.submit(put).result())
        ack = line.receiver.ack()
        assert isinstance(ack, Ack)
        line.acks.append(frame(ack))

    def deliver_late(self) -> None:
        if self.late:
            line = self.world.chance.choice(self.late)
            try:
                self.deliver(line)
            except ProtocolError:
                self.late.remove(line)

    def acknowledge(self) -> None:
        if self.line is None or not self.line.acks:
            return
        message = over_the_wire(self.line.acks.popleft())
        if isinstance(message, Reject):
            self.world.refused.add((self.number, message.epoch, message.first, message.end))
        try:
            self.line.sender.on(message)
        except Unsendable as fault:
            self.numbering.parted((), ((fault.first, fault.end),))
            self.cut()

    def bury(self) -> None:
        """Make dead letters of what was rejected: there is room for them now."""
        line = self.line
        if line is None or self.messages is not None:
            return
        while line.sender.rejected:
            reject = line.sender.rejected[0]
            assert bury(self.context(), reject.first, reject.end, reject.text)
            line.sender.rejected.popleft()
            self.ledger.bury(reject.epoch, reject.first, reject.end)
            self.member.seek(self.ledger.end)

    def context(self) -> Any:
        nothing = SimpleNamespace(
            add=lambda *_: None, warning=lambda *_: None, debug=lambda *_: None
        )
        context = SimpleNamespace(
            host="a", agent="a", stopping=False, consumer=self.member, counters=nothing,
            fail=lambda _: None, log=nothing,
        )  # fmt: skip
        journal = self.world.tailer.journal
        context.letters = Letters(journal, self.member, "dead", cast("Any", context))
        return context

    def cure(self) -> None:
        """Have the receiver take everything from now on."""
        self.picky = False

    def settle(self) -> None:
        low, note = self.ledger.low, self.ledger.memory.pack()
        cursor = Cursor(low, delivered=self.ledger.delivered(), note=note)
        self.member.advance(cursor).result()
        self.ledger.durable = low

    def cut(self) -> None:
        if self.line is not None:
            self.late.append(self.line)
            rejected = tuple((each.first, each.end) for each in self.line.sender.rejected)
            self.numbering.parted(self.ledger.done, rejected)
            self.line = self.messages = None
            self.ledger.forget()

    def give_back(self) -> None:
        """Have the other get what this one may lack, while there is no connection."""
        if self.line is None:
            self.settle()
            has = sum(lease.rows for lease in self.member.lane.leases)
            try:
                found = give_back(self.member, resend=self.world.resend, shown=self.member.shown)
            except Down:  # it may be done all the same, and is not counted then
                self.world.resent += has if self.world.resend else 0
                raise
            self.world.resent += found.resent
            if self.since_welcome is not None:
                sent = max(self.since_welcome, default=-1) + 1  # dead letters' rows are between
                most = max(0, sent - self.ledger.low)
                assert found.waiting <= most, "it waits for what is not there"
            self.open(again=True)

    @property
    def rests(self) -> bool:
        line = self.line
        return line is not None and self.messages is None and not self.ledger.under_way


class World:
    def __init__(self, seed: int, *, resend: bool) -> None:
        self.chance, self.resend = random.Random(seed), resend
        self.refuses, self.buries = self.chance.random() < 0.5, self.chance.random() < 0.5
        self.refused: set[tuple[int, bytes, int, int]] = set()
        self.sent: dict[int, tuple[int, bytes, int, int]] = {}
        self.tailer = Tailer("a", ("out",))
        self.peers = [Peer(self, number) for number in (0, 1)]
        self.value, self.resent = 0, 0
        self.sure: set[int] = set()
        self.start_tailer()

    def start_tailer(self) -> None:
        self.tailer.start()
        for peer in self.peers:
            peer.open()

    def put(self) -> None:
        values = list(range(self.value, self.value + self.chance.randint(1, 4)))
        self.value = values[-1] + 1
        put = Put(frames=(Frame(("out",), len(values), body(values)),))
        if isinstance(self.tailer.journal.submit(put).result(), Stored):
            self.sure.update(values)

    def kill_tailer(self) -> None:
        self.tailer.down(self.chance)
        self.refused.clear()  # nobody knows of it any more
        for peer in self.peers:
            peer.cut()

    def kill_receiver(self, peer: Peer) -> None:
        peer.machine.down(self.chance)
        peer.cut()
        peer.late.clear()

    def doom(self) -> None:
        """Have the power cut at one of the next operations of a disk."""
        machine = self.chance.choice([self.tailer, *(peer.machine for peer in self.peers)])
        machine.disk.cut_at = machine.disk.operations + self.chance.randint(1, 12)

    def goes(self, parcel: Parcel, number: int) -> None:
        """Hold that nobody is sent what the sender knows that another rejected."""
        for value in values(parcel.body):
            before = self.sent.get(value)
            assert before not in self.refused or before[0] == number, "handed round"
            self.sent[value] = number, parcel.epoch, parcel.first, parcel.end

    OF_ALL = ((put, 14), (kill_tailer, 1), (doom, 2))
    OF_ONE = (
        (Peer.connect, 10), (Peer.send, 24), (Peer.receive, 18), (Peer.acknowledge, 14),
        (Peer.settle, 8), (Peer.cut, 3), (Peer.give_back, 3), (Peer.deliver_late, 5),
        (Peer.bury, 2), (Peer.cure, 0.3),
    )  # fmt: skip

    def step(self) -> None:
        steps, weights = zip(*self.OF_ALL, *self.OF_ONE, (self.kill_receiver, 1), strict=True)
        step = self.chance.choices(steps, weights)[0]
        mine = step in [each for each, _ in self.OF_ALL]
        self.guarded(step, self if mine else self.chance.choice(self.peers))

    def guarded(self, step: Callable[[Any], None], whose: "World | Peer") -> None:
        """Take a step; a machine whose power went on the way comes back."""
        machines = [self.tailer, *(peer.machine for peer in self.peers)]
        try:
            step(whose)
        except Down:
            assert any(machine.disk.dead for machine in machines)
        while any(machine.disk.dead or not machine.up for machine in machines):
            with suppress(*Down):
                self.repair()

    def repair(self) -> None:
        for peer in self.peers:
            if peer.machine.disk.dead or not peer.machine.up:
                if peer.machine.up:
                    self.kill_receiver(peer)
                elif peer.machine.disk.dead:
                    peer.machine.disk = peer.machine.disk.reboot(NOTHING)
                peer.start()
        if self.tailer.disk.dead or not self.tailer.up:
            if self.tailer.up:
                self.kill_tailer()
            elif self.tailer.disk.dead:
                self.tailer.disk = self.tailer.disk.reboot(NOTHING)
            self.start_tailer()

    def quiesce(self) -> None:
        """Let everything arrive, without further misfortune."""
        for machine in (self.tailer, *(peer.machine for peer in self.peers)):
            machine.disk.cut_at = None
        for peer in () if self.buries else self.peers:
            peer.cure()
        for _ in range(3000):
            for peer in self.peers:
                for step in (
                    Peer.connect, Peer.send, Peer.receive, Peer.acknowledge, Peer.bury, Peer.settle
                ):  # fmt: skip
                    self.guarded(step, peer)
            rest = all(peer.rests and not peer.member.unread for peer in self.peers)
            if rest and not self.tailer.journal.stats()["out"].held:
                return
        raise AssertionError("it does not come to rest")

    def arrived(self) -> list[tuple[int, bytes, int]]:
        """Return (value, epoch and row of the tag) of all that both receivers hold."""
        rows: list[tuple[int, bytes, int]] = []
        for peer in self.peers:
            while chunks := peer.machine.consumer.read(0):
                for chunk in chunks:
                    values = [int(v) for v in decode(chunk.body).column("body").to_pylist()]
                    assert chunk.tags is not None
                    names = [(t.epoch, t.row + i) for t in chunk.tags for i in range(t.count)]
                    rows += [(v, *name) for v, name in zip(values, names, strict=True)]
        return rows

    def buried(self) -> list[int]:
        """Return the dead letters."""
        reader, found = self.tailer.journal.consumer("coroner"), list[int]()
        while chunks := reader.read(0):
            found += [value for chunk in chunks for value in values(chunk.body)]
        return found


def values(encoded: Any) -> list[int]:
    """Return the events of a body."""
    return [int(value) for value in decode(encoded).column("body").to_pylist()]


def run(seed: int, steps: int, *, resend: bool) -> World:
    world = World(seed, resend=resend)
    for _ in range(steps):
        world.step()
    world.quiesce()
    hold(world, f"seed {seed}")
    for journal in (world.tailer.journal, *(peer.machine.journal for peer in world.peers)):
        journal.close()
    return world


def hold(world: World, which: str) -> None:
    """Hold what arrived to what was put."""
    rows = world.arrived()
    counts = Counter(value for value, _, _ in rows)
    counts.update(world.buried())
    assert world.sure <= set(counts), f"{which}: lost {sorted(world.sure - set(counts))}"
    doubled = sum(counts.values()) - len(counts)
    assert doubled <= world.resent, f"{which}: {doubled} doubled, {world.resent} may be"
    tags = {value: (epoch, row) for value, epoch, row in rows}
    assert len(set(tags.values())) == len(tags), f"{which}: a tag twice"
    assert all(tags[value] == (epoch, row) for value, epoch, row in rows), f"{which}: two tags"
    for peer in world.peers:
        streams = peer.machine.journal._state.streams.values()
        ends = [known for stream in streams for known in stream.have.values()]
        under_way = 3_000 // 400  # the credit, and what a small frame takes of it
        assert all(len(ranges) <= under_way for _, ranges in ends), f"{which}: it remembers much"


KINDS = pytest.mark.parametrize("resend", [False, True], ids=["wait", "resend"])


@KINDS
@pytest.mark.parametrize(
    "seeds", [range(1), pytest.param(range(1, 10), marks=pytest.mark.slow)], ids=str
)
def test_every_event_is_at_one_of_two(seeds: range, resend: bool) -> None:
    for seed in seeds:
        run(seed, 150, resend=resend)


@pytest.mark.slow
@pytest.mark.timeout(max(600, 2 * SEEDS))
@KINDS
@pytest.mark.parametrize("part", range(4))
def test_every_event_is_at_one_of_two_in_many_worlds(part: int, resend: bool) -> None:
    resent = sum(run(1_000 + seed, 300, resend=resend).resent for seed in range(part, SEEDS, 4))
    assert (resent > 0) is resend, "what is in doubt did not come to be sent again"
