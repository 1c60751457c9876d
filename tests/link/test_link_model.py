"""A sender, a receiver, their real journals, and a network and power not to be trusted.

Every event arrives once and in order. A step is a put, a send, a receipt, an acknowledgement, a
cursor, a cut, a kill or a power cut, by chance. What an old connection held is delivered late, to
the journal that has a newer session.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.batch import decode, encode
from flumec.runtime.clock import Clock, SystemClock
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal, JournalFailed
from flumec.runtime.journal.records import Cursor, Frame, Put, Stored
from flumec.runtime.links import memory as memories
from flumec.runtime.links.faults import ProtocolError
from flumec.runtime.links.fields import Reader
from flumec.runtime.links.framing import (
    HEAD_LENGTH,
    HEADER,
    data_size,
    frame,
    read_header,
    verify,
    verify_body,
)
from flumec.runtime.links.greeting import OPEN, Epoch
from flumec.runtime.links.ledger import Ledger
from flumec.runtime.links.messages import (
    Ack,
    Bye,
    Data,
    Delivery,
    Message,
    unpack,
)
from flumec.runtime.links.parcel import Parcel
from flumec.runtime.links.receiver_session import ReceiverSession, Station
from flumec.runtime.links.register import Register
from flumec.runtime.links.sender_session import Sender, SenderSession
from flumec.runtime.testing import NOTHING, CrashDisk, PowerCut, Survival

LINK, WIRE = "a.out => b.in", "w"
LIMITS = dict.fromkeys(range(1, 10), 1 << 24)
FOLDER = Path("/journal")
Down = (PowerCut, JournalFailed)


def body(values: list[int]) -> pa.Buffer:
    return encode(pa.record_batch({"body": pa.array([b"%d" % v for v in values], pa.binary())}))


def over_the_wire(parts: list[Any]) -> Message | Delivery:
    """Take a message apart as a connection does."""
    raw = b"".join(bytes(part) for part in parts)
    header = read_header(raw[: HEADER.size], LIMITS)
    payload = raw[HEADER.size :]
    if header.kind != Data.kind:
        verify(header, payload)
        return unpack(header.kind, payload)
    (length,) = HEAD_LENGTH.unpack(payload[: HEAD_LENGTH.size])
    end = HEAD_LENGTH.size + length
    verify(header, payload[:end])
    head, content = Data.unpack(Reader(payload[4:end])), pa.py_buffer(payload[end:])
    verify_body(head, content)
    return Delivery(head, content, data_size(length, content.size))


class Machine:
    """A journal on a disk that may lose power."""

    def __init__(self, name: str, channels: tuple[str, ...]) -> None:
        self.name = name
        self.channels = channels
        self.disk = CrashDisk()
        self.survival: Survival | None = None
        """What a crash leaves, if it is not left to chance."""
        self.clock: Clock = SystemClock()
        self.up = False

    def start(self) -> None:
        self.disk.make_directory(FOLDER)
        self.journal = Journal.open(
            FOLDER,
            disk=self.disk,
            clock=self.clock,
            identity=Identity(self.name, self.name, "0", "0"),
            channels=[ChannelSpec(name, 1 << 20, durable=True) for name in self.channels],
            sources=[],
            consumers=[ConsumerSpec(f"{name}-reader", name) for name in self.channels],
            segment_size=128 << 10,
        )
        self.consumer = self.journal.consumer(f"{self.channels[0]}-reader")
        self.up = True

    def down(self, chance: random.Random) -> None:
        """End it without warning: the process, or the power with what was not synced."""
        self.up = False
        killed = self.survival is None and chance.random() < 0.5
        self.disk = self.disk.kill() if killed else self.disk.reboot(self.survival or NOTHING)
        with suppress(*Down):
            self.journal.close()


@dataclass
class Line:
    """One connection, with what is on its way in both directions."""

    sender: SenderSession
    receiver: ReceiverSession
    data: deque[list[Any]] = field(default_factory=deque)
    acks: deque[list[Any]] = field(default_factory=deque)
    parcels: Iterator[tuple[Data, Parcel]] | None = None
    ready: tuple[Data, Parcel] | None = None

    def end(self, bye: Bye) -> None:
        """The register's word; the network of this test has its own ideas."""


class World:
    LARGEST = (420, 1 << 20)
    """The largest frame that a sender sends: so small that frames are cut, or as it comes."""
    BURIES = False
    """Whether what is rejected becomes dead letters."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.tailer = Machine("a", ("out", "other"))
        self.collector = Machine("b", ("in",))
        self.line: Line | None = None
        self.late: list[Line] = []
        self.value = 0
        self.sure: set[int] = set()
        self.start_tailer()
        self.start_collector()

    # the machines

    def start_tailer(self) -> None:
        self.tailer.start()
        cursor = self.tailer.consumer.cursor
        if not cursor.note:
            memory = memories.Memory(self.tailer.journal.epoch, bytes(16))
            cursor = Cursor(cursor.low, note=memory.pack())
            self.tailer.consumer.advance(cursor).result()
        self.ledger = Ledger(cursor.low, memories.unpack(cursor.note))

    def start_collector(self) -> None:
        self.collector.start()
        self.station = Station(
            "b",
            "b",
            self.collector.journal,
            {LINK: (WIRE, ("in",))},
            Register(3000, 3000, 9),
            1 << 20,
        )

    def kill_tailer(self) -> None:
        self.tailer.down(self.chance)
        self.cut()

    def kill_collector(self) -> None:
        self.collector.down(self.chance)
        self.line, self.late = None, []
        self.ledger.forget()

    # the steps

    def put(self) -> None:
        rows = self.chance.randint(1, 4)
        where = self.chance.choice([("out",), ("out",), ("other",), ("out", "other")])
        values = list(range(self.value, self.value + rows))
        if "out" in where:
            self.value += rows
        outcome = self.tailer.journal.submit(Put(frames=(Frame(where, rows, body(values)),)))
        if isinstance(outcome.result(), Stored) and "out" in where:
            self.sure.update(values)

    def connect(self) -> None:
        if self.line is not None or not self.collector.up:
            return
        journal = self.tailer.journal
        sender = Sender(
            LINK,
            WIRE,
            "a",
            "a",
            "m",
            journal.uuid,
            journal.epoch,
            self.chance.choice(self.LARGEST),
        )
        session = SenderSession(sender, self.ledger, buries=self.BURIES)
        line = Line(session, ReceiverSession(self.station))
        epochs = tuple(
            Epoch(e.epoch, e.first, OPEN if e.end is None else e.end, self.ledger.durable)
            for e in journal.epochs()
        )
        hello = over_the_wire(frame(line.sender.hello(epochs, 0)))
        welcome = line.receiver.hello(hello, line, 0)
        if self.chance.random() < 0.2:
            return  # the answer is lost
        line.sender.opened(over_the_wire(frame(welcome)), 0)
        self.tailer.consumer.seek(self.ledger.low)
        self.line = line

    def send(self) -> None:
        line = self.line
        if line is None:
            return
        if line.parcels is None:
            chunks = self.tailer.consumer.read(0, 1)
            if not chunks:
                return
            line.parcels = line.sender.parcels(chunks[0])
        line.ready = line.ready or next(line.parcels, None)
        if line.ready is None:
            line.parcels = None
            return
        data, parcel = line.ready
        parts = frame(data, parcel.body)
        size = sum(len(part) for part in parts)
        if line.sender.may_send(size):
            line.sender.sent(data, size)
            line.data.append(parts)
            line.ready = None

    def receive(self) -> None:
        if self.line is not None:
            self.deliver(self.line)

    def deliver(self, line: Line) -> None:
        if not line.data or not self.collector.up:
            return
        delivery = over_the_wire(line.data.popleft())
        assert isinstance(delivery, Delivery)
        put = line.receiver.take(delivery)
        assert isinstance(put, Put), put
        outcome = self.collector.journal.submit(put).result()
        line.receiver.settled(delivery, outcome)
        ack = line.receiver.ack()
        assert isinstance(ack, Ack)
        line.acks.append(frame(ack))

    def deliver_late(self) -> None:
        """What an old connection still held comes to the journal after a newer one was opened."""
        if not self.late or not self.collector.up:
            return
        line = self.chance.choice(self.late)
        try:
            self.deliver(line)
        except ProtocolError:
            self.late.remove(line)

    def acknowledge(self) -> None:
        if self.line is not None and self.line.acks:
            assert self.line.sender.on(over_the_wire(self.line.acks.popleft())) is None
        self.bury()

    def bury(self) -> None:
        """Make dead letters of what was rejected: nothing is here."""

    def settle(self) -> None:
        low = self.ledger.low
        cursor = Cursor(low, delivered=self.ledger.delivered(), note=self.ledger.memory.pack())
        self.tailer.consumer.advance(cursor).result()
        self.ledger.durable = low

    def cut(self) -> None:
        if self.line is not None:
            self.late.append(self.line)
            self.line = None
            self.ledger.forget()

    def doom(self) -> None:
        """Have the power cut at one of the next operations of a disk."""
        machine = self.chance.choice([self.tailer, self.collector])
        machine.disk.cut_at = machine.disk.operations + self.chance.randint(1, 12)

    STEPS = (
        (put, 14), (connect, 10), (send, 24), (receive, 18), (acknowledge, 14), (settle, 8),
        (cut, 3), (deliver_late, 5), (kill_tailer, 1), (kill_collector, 1), (doom, 2),
    )  # fmt: skip

    def step(self) -> None:
        steps, weights = zip(*self.STEPS, strict=True)
        self.guarded(self.chance.choices(steps, weights)[0])

    def guarded(self, step: "Callable[[World], None]") -> None:
        """Take a step; a machine whose power went on the way comes back."""
        try:
            step(self)
        except Down:
            assert self.tailer.disk.dead or self.collector.disk.dead
        while not (self.tailer.up and self.collector.up) or self.died():
            with suppress(*Down):
                self.repair()

    def died(self) -> bool:
        return self.tailer.disk.dead or self.collector.disk.dead

    def repair(self) -> None:
        if self.tailer.disk.dead or not self.tailer.up:
            if self.tailer.up:
                self.kill_tailer()
            elif self.tailer.disk.dead:
                self.tailer.disk = self.tailer.disk.reboot(NOTHING)
            self.start_tailer()
        if self.collector.disk.dead or not self.collector.up:
            if self.collector.up:
                self.kill_collector()
            elif self.collector.disk.dead:
                self.collector.disk = self.collector.disk.reboot(NOTHING)
            self.start_collector()

    def quiesce(self) -> None:
        """Let everything arrive, without further misfortune."""
        self.tailer.disk.cut_at = self.collector.disk.cut_at = None
        end = self.tailer.journal.epochs
        assert end
        for _ in range(2000):
            for step in (World.connect, World.send, World.receive, World.acknowledge):
                self.guarded(step)
            idle = self.line is not None and self.line.parcels is None and not self.ledger.under_way
            if idle and not self.tailer.consumer.read(0, 1):
                return
            if idle:
                self.cut()  # what was read here is read again
        raise AssertionError("it does not come to rest")

    def arrived(self) -> list[tuple[int, bytes, int]]:
        """Return (value, epoch and row of the tag) of all that the collector holds, in order."""
        rows = []
        while chunks := self.collector.consumer.read(0):
            for chunk in chunks:
                values = [int(v) for v in decode(chunk.body).column("body").to_pylist()]
                assert chunk.tags is not None
                names = [(t.epoch, t.row + i) for t in chunk.tags for i in range(t.count)]
                rows += [(v, *name) for v, name in zip(values, names, strict=True)]
        return rows

    def close(self) -> None:
        for machine in (self.tailer, self.collector):
            machine.journal.close()


def run(seed: int, steps: int = 150) -> World:
    world = World(seed)
    for _ in range(steps):
        world.step()
    hold(world, f"seed {seed}")
    return world


def hold(world: World, which: str) -> None:
    """Let everything arrive, and hold it to what was put."""
    world.quiesce()
    rows = world.arrived()
    values = [value for value, _, _ in rows]
    assert values == sorted(set(values)), f"{which}: doubled or out of order"
    assert world.sure <= set(values), f"{which}: lost {sorted(world.sure - set(values))}"
    assert len({(epoch, row) for _, epoch, row in rows}) == len(rows), f"{which}: a tag twice"
    world.close()


@pytest.mark.parametrize(
    "seeds",
    [
        range(4),
        pytest.param(range(4, 20), marks=pytest.mark.slow),
        *(pytest.param(range(s, s + 20), marks=pytest.mark.slow) for s in range(20, 200, 20)),
    ],
    ids=str,
)
def test_every_event_arrives_once(seeds: range) -> None:
    for each in seeds:
        run(each)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", thorough.first(range(1000, 2800, 60)))
def test_every_event_arrives_once_in_many_worlds(seed: int) -> None:
    for each in range(seed, seed + 60):
        run(each, 400)
