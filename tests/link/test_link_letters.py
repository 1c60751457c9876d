"""What a receiver rejects becomes dead letters of the sender, once; the rest goes on in order."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from flumec.runtime.batch import decode
from flumec.runtime.component import Size
from flumec.runtime.journal.records import Cursor
from flumec.runtime.letters import Letters
from flumec.runtime.links import parcel, receiver_session
from flumec.runtime.links.burying import bury
from flumec.runtime.links.faults import ProtocolError
from flumec.runtime.links.ledger import Ledger
from flumec.runtime.links.memory import Memory
from flumec.runtime.links.messages import Ack, Delivery, Reject
from flumec.runtime.links.sender_session import SenderSession
from flumec.runtime.testing import Survival

from tests.link.power import cut_at_every_operation, survivals
from tests.link.test_link_feed import SPOOL as KEPT
from tests.link.test_link_feed import STORY, Fails, begin
from tests.link.test_link_model import Line, Machine, World, frame, over_the_wire

Site = Any


def bury_here(tailer: Any) -> None:
    tailer.buries = True
    tailer.restart()


def dead(end: Any) -> list[tuple[bytes, str, str]]:
    """Return (body, reason, sender) of all dead letters."""
    reader, found = end.journal.consumer("coroner"), []
    reader.seek(0)
    while chunks := reader.read(0.05):
        for chunk in chunks:
            batch = decode(chunk.body)
            said = [batch.column(f"h.flumec.{name}").to_pylist() for name in ("reason", "sink")]
            found += list(zip(batch.column("body").to_pylist(), *said, strict=True))
    return found


@pytest.fixture
def ends(site: Site) -> Any:
    """Return a sender with dead letters, and a receiver whose chain cannot take the event 13."""
    tailer, collector = site.end("tailer"), site.end("collector")
    bury_here(tailer)
    begin(collector, [((Fails(),), KEPT)])
    collector.start(site.receiver())
    return tailer, collector


def put_all(tailer: Any) -> None:
    for rows in ([0, 1, 2], [12, 13, 14], [3, 4], [13], [5]):
        tailer.put(rows)


def test_rejected_rows_become_dead_letters_and_the_rest_arrives_in_order(
    site: Site, ends: Any
) -> None:
    tailer, collector = ends
    put_all(tailer)
    tailer.start(site.sender(collector.port))

    assert collector.take(6) == [0, 1, 2, 3, 4, 5]
    site.eventually(lambda: tailer.held == 0)
    letters = dead(tailer)
    assert [body for body, _, _ in letters] == [b"12", b"13", b"14", b"13"]
    site.match("^the chain of `feed` cannot take them: .*thirteen", letters[0][1])
    assert letters[0][2] == "tailer-1.example.com/tailer/reader"
    assert tailer.counters.counts["events_dead_lettered"] == 4
    assert tailer.counters.counts["events_delivered"] == 6
    assert tailer.counters.counts["connections_created"] == 1
    stats = tailer.journal.stats()["spool"]
    assert (stats.put, stats.delivered, stats.dead_lettered, stats.held) == (10, 6, 4, 0)
    assert not any(tailer.failing)


def test_a_receiver_of_protocol_1_is_connected_to_anew_after_each(
    site: Site, ends: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_session, "common", lambda *_: 1)
    tailer, collector = ends
    put_all(tailer)
    tailer.start(site.sender(collector.port))

    assert collector.take(6) == [0, 1, 2, 3, 4, 5]
    site.eventually(lambda: tailer.held == 0)
    assert [body for body, _, _ in dead(tailer)] == [b"12", b"13", b"14", b"13"]
    assert tailer.counters.counts["connections_created"] == 3


@pytest.mark.parametrize("late", [0.0, 0.3], ids=["at once", "after the rows before are done"])
def test_an_event_that_is_larger_than_a_frame_becomes_a_dead_letter(
    site: Site, ends: Any, monkeypatch: pytest.MonkeyPatch, late: float
) -> None:
    tailer, collector = ends
    told = parcel._too_large
    monkeypatch.setattr(parcel, "_too_large", lambda *of: (time.sleep(late), told(*of))[1])
    tailer.put_bodies([b"1", b"x" * 100_000, b"2"])
    tailer.start(site.sender(collector.port, largest_frame=Size("64KiB")))

    assert collector.take(2) == [1, 2]
    site.eventually(lambda: tailer.held == 0)
    ((body, reason, _),) = dead(tailer)
    assert len(body) == 100_000
    assert "does not fit into the receiver's largest frame, 64KiB: raise" in reason


def test_dead_letters_that_have_no_room_hold_the_link_up_until_they_have(
    site: Site, ends: Any
) -> None:
    tailer, collector = ends
    for _ in range(30):
        tailer.put_bodies([b"13", b"." * 60_000])
    tailer.put([7])
    tailer.start(site.sender(collector.port))

    site.eventually(lambda: any("have no room in `dead`" in why for why in tailer.failing))
    assert tailer.counters.counts["events_dead_lettered"] < 60
    coroner = tailer.journal.consumer("coroner")

    def all_dead() -> bool:
        for chunk in coroner.read(0.01):
            coroner.advance(Cursor(chunk.end)).result(9)
        return tailer.counters.counts["events_dead_lettered"] == 60

    site.eventually(all_dead)
    assert collector.take(1) == [7]
    site.eventually(lambda: tailer.held == 0)
    assert tailer.failing[-1] == ""


def test_a_receiver_may_reject_only_what_is_under_way() -> None:
    ledger = Ledger(0, Memory(bytes(16), bytes(16)))
    session = SenderSession(SimpleNamespace(largest=1 << 20), ledger, buries=True)  # type: ignore[arg-type]
    ledger.sent(b"e" * 16, 0, 5)

    for first, end in ((0, 4), (1, 5), (5, 9)):
        with pytest.raises(ProtocolError, match="which are not under way"):
            session.on(Reject(b"e" * 16, first, end, "no", 10))
    session.on(Reject(b"e" * 16, 0, 5, "no", 10))
    assert session.credit == 10


def refused(values: list[int]) -> bool:
    return any(value % 5 == 3 for value in values)


class Refusing(World):
    """The world of the link's model, with a receiver that rejects any frame with certain values."""

    BURIES = True
    LARGEST = (1 << 20,)

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.tailer.journal.close()
        self.tailer = Machine("a", ("out", "other", "dead"))
        self.start_tailer()

    def deliver(self, line: Line) -> None:
        if not line.data or not self.collector.up:
            return
        delivery = over_the_wire(line.data.popleft())
        assert isinstance(delivery, Delivery)
        put = line.receiver.take(delivery)
        values = [int(v) for v in decode(delivery.body).column("body").to_pylist()]
        if refused(values):
            line.acks.append(frame(line.receiver.rejected(delivery, "no")))
            return
        assert not isinstance(put, Reject)
        line.receiver.settled(delivery, self.collector.journal.submit(put).result())
        ack = line.receiver.ack()
        assert isinstance(ack, Ack)
        line.acks.append(frame(ack))

    def bury(self) -> None:
        line = self.line
        if line is None or line.parcels is not None:
            return
        while line.sender.rejected:
            reject = line.sender.rejected[0]
            assert bury(self.context(), reject.first, reject.end, reject.text)
            line.sender.rejected.popleft()
            self.ledger.bury(reject.epoch, reject.first, reject.end)
            self.tailer.consumer.seek(self.ledger.end)

    def context(self) -> Any:
        context = SimpleNamespace(
            host="a", agent="a", stopping=False, consumer=self.tailer.consumer,
            counters=SimpleNamespace(add=lambda *_: None), fail=lambda _: None,
            log=SimpleNamespace(warning=lambda *_: None, debug=lambda *_: None),
        )  # fmt: skip
        context.letters = Letters(self.tailer.journal, self.tailer.consumer, "dead", context)
        return context

    def buried(self) -> list[int]:
        reader, found = self.tailer.journal.consumer("dead-reader"), list[int]()
        while chunks := reader.read(0):
            for chunk in chunks:
                found += [int(v) for v in decode(chunk.body).column("body").to_pylist()]
        return found


def hold(world: Refusing, which: str) -> None:
    """Let everything arrive: at the receiver in order, or among the dead letters, once."""
    world.quiesce()
    arrived, buried = [value for value, _, _ in world.arrived()], world.buried()
    assert arrived == sorted(arrived), f"{which}: out of order"
    assert len({*arrived, *buried}) == len(arrived) + len(buried), f"{which}: doubled"
    assert world.sure <= {*arrived, *buried}, f"{which}: lost"
    assert not refused(arrived), f"{which}: astray"
    stats = world.tailer.journal.stats()["out"]
    assert stats.put == stats.delivered + stats.dead_lettered + stats.held, f"{which}: {stats}"
    world.close()


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 200, 10))]
)
def test_every_event_arrives_or_is_a_dead_letter_once(seed: int) -> None:
    for each in range(seed, seed + (10 if seed else 2)):
        world = Refusing(each)
        for _ in range(150):
            world.step()
        hold(world, f"seed {each}")
        assert world.value < 9 or world.tailer.journal.stats()["dead"].put > 0


@survivals(7)
def test_the_power_goes_at_every_disk_operation_of_the_sender(
    survival: Survival, stride: int
) -> None:
    cut_at_every_operation(
        lambda: Refusing(11), lambda world: world.tailer, STORY, hold, survival, stride
    )
