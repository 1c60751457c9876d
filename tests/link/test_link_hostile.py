"""Anything may come in on a receiver's port; nobody gets memory, a crash or a commit out of it."""

import random
import socket
import struct
import threading
import time
import zlib
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import encode
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Duration, Size
from flumec.runtime.journal.records import Stored, TagRun
from flumec.runtime.links.connection import Connection
from flumec.runtime.links.faults import Disconnected, LinkFault
from flumec.runtime.links.framing import HEADER, frame
from flumec.runtime.links.greeting import OPEN, Code, Epoch, Hello, Welcome
from flumec.runtime.links.incoming import Incoming
from flumec.runtime.links.messages import Ack, Bye, Data, Farewell, Ping, Pong, Reject
from flumec.runtime.links.pulse import Pulse
from flumec.runtime.links.receiver_session import Station
from flumec.runtime.links.receiving import STRANGERS
from flumec.runtime.links.register import Register

Site = Any
EPOCH, JOURNAL, STREAM = b"e" * 16, b"j" * 16, b"s" * 16
ANSWERS = dict.fromkeys(range(1, 10), 1 << 20)


def hello(site: Site, **changes: Any) -> Hello:
    fields = {
        "minimum": 1, "maximum": 1, "link": site.link, "wire": site.wire, "host": "h", "agent": "a",
        "machine": "m", "journal": JOURNAL, "epoch": EPOCH, "stream": STREAM,
        "epochs": (Epoch(EPOCH, 0, OPEN, 0),), "receiver": bytes(16), "acked": (),
        "largest": 1 << 20, "clock": 0, **changes,
    }  # fmt: skip
    return Hello(**fields)


class Rogue:
    """A sender that holds to nothing."""

    def __init__(self, port: int) -> None:
        self.raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        clock = SystemClock()
        self.link = Connection(self.raw, clock, Pulse(10.0, clock.monotonic()))

    def welcome(self, message: Hello) -> Welcome:
        self.link.send(message)
        answer = self.link.receive(ANSWERS)
        assert isinstance(answer, Welcome), answer
        self.session = answer.session
        return answer

    def data(self, first: int, end: int, body: pa.Buffer, **changes: Any) -> None:
        fields = {
            "session": self.session, "epoch": EPOCH, "first": first, "end": end,
            "rows": end - first, "born": 1, "settled": 0, "crc": zlib.crc32(body),
            "tags": (TagRun(EPOCH, first, end - first),), **changes,
        }  # fmt: skip
        self.link.transmit(frame(Data(**fields), body))

    def answer(self) -> Any:
        return self.link.receive(ANSWERS)

    def ended(self) -> bool:
        """Read to the end; everything before it is ignored."""
        try:
            while True:
                self.answer()
        except LinkFault as fault:
            return "silent" not in str(fault)


@pytest.fixture
def receiver(site: Site) -> Any:
    end = site.end("collector")
    end.start(
        site.receiver(hello_time_out=Duration("500ms"), largest_frame=Size("1MiB"),
                      window=Size("128KiB"))
    )  # fmt: skip
    return end


@pytest.mark.parametrize(
    ("least", "most", "chosen"), [(0, 1, 1), (1, 1, 1), (1, 2, 2), (2, 2, 2), (1, 3, 2), (2, 9, 2)]
)
def test_the_version_is_the_newest_that_both_speak(
    site: Site, receiver: Any, least: int, most: int, chosen: int
) -> None:
    welcome = Rogue(receiver.port).welcome(hello(site, minimum=least, maximum=most))
    assert welcome.version == chosen


@pytest.mark.parametrize(("least", "most"), [(0, 0), (3, 4), (5, 5), (3, 2)])
def test_ends_that_share_no_version_are_told_which_they_speak(
    site: Site, receiver: Any, least: int, most: int
) -> None:
    rogue = Rogue(receiver.port)
    rogue.link.send(hello(site, minimum=least, maximum=most))

    refusal = rogue.answer()
    assert refusal.code == Code.VERSION
    theirs = f"protocol {least}" if least == most else f"protocols {least} to {most}"
    here = "agent `collector` on collector-1.example.com speaks link protocols 1 to 2"
    site.match(f"^agent `a` on h speaks link {theirs}, {here}: bring both", refusal.text)


def test_a_receiver_that_chooses_what_was_not_offered_is_left(site: Site) -> None:
    tailer = site.end("tailer")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tailer.start(site.sender(listener.getsockname()[1]))
        raw, _ = listener.accept()
        clock = SystemClock()
        link = Connection(raw, clock, Pulse(10.0, clock.monotonic()))
        offered = link.receive({Hello.kind: 1 << 20})
        assert (offered.minimum, offered.maximum) == (1, 2)
        link.send(Welcome(3, b"r" * 16, b"e" * 16, 1, (), 1 << 20, 1 << 20, 0))

        site.eventually(lambda: any("chose link protocol 3" in why for why in tailer.failing))
        assert "offered was link protocols 1 to 2" in tailer.failing[-1]
        raw.close()


@pytest.mark.parametrize("version", [1, 2])
def test_a_rejected_frame_gives_its_credit_back_where_the_protocol_can_say_so(
    site: Site, receiver: Any, version: int
) -> None:
    rogue = Rogue(receiver.port)
    credit = rogue.welcome(hello(site, maximum=version)).credit
    for turn in range(3 * credit // 50_000):
        with suppress(Disconnected):
            rogue.data(turn, turn + 1, pa.py_buffer(bytes(50_000)))
        answer = rogue.answer()
        if isinstance(answer, Bye):
            assert version == 1
            assert "where the credit is" in answer.text
            return
        assert isinstance(answer, Reject)
        assert (answer.credit is not None) is (version == 2)
    assert version == 2
    rogue.data(9_000, 9_002, BODY, tags=(TagRun(EPOCH, 9_000, 2),))
    assert isinstance(rogue.answer(), Ack)


@pytest.mark.parametrize("name", ["x" * 5_000, "\x1b[2J", "a\nERROR b", "\x9b31m"])
@pytest.mark.parametrize("field", ["link", "wire", "host", "agent", "machine"])
def test_a_strangers_name_neither_fills_nor_forges_the_log(
    site: Site, receiver: Any, caplog: pytest.LogCaptureFixture, field: str, name: str
) -> None:
    rogue = Rogue(receiver.port)
    rogue.link.send(hello(site, **{field: name}))

    assert rogue.ended()
    site.eventually(lambda: "a name that is too long, or that cannot be shown" in caplog.text)
    assert name not in caplog.text


@pytest.mark.slow
def test_garbage_ends_the_connection_and_nothing_else(site: Site, receiver: Any) -> None:
    chance = random.Random(7)
    for length in (1, 9, 10, 11, 500, 70_000):
        with socket.create_connection(("127.0.0.1", receiver.port)) as raw:
            raw.sendall(chance.randbytes(length))
            raw.settimeout(5)
            with suppress(ConnectionResetError):
                assert raw.recv(1) == b""
    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    rogue.data(0, 3, site.events(range(3)))

    assert isinstance(rogue.answer(), Ack)
    assert receiver.take(3) == [0, 1, 2]


def test_a_browser_is_turned_away(receiver: Any) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionResetError):
            assert raw.recv(1) == b""


@pytest.mark.slow
def test_half_a_message_and_silence_is_closed(site: Site, receiver: Any) -> None:
    message = b"".join(frame(hello(site)))
    for sent in (0, 5, HEADER.size, len(message) - 1):
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as raw:
            raw.sendall(message[:sent])
            began = time.monotonic()
            assert raw.recv(1) == b""
            assert time.monotonic() - began < 4


@pytest.mark.slow
def test_a_hello_that_trickles_in_is_closed(site: Site, receiver: Any) -> None:
    message = b"".join(frame(hello(site)))
    with (
        socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as raw,
        pytest.raises(OSError),
    ):
        for byte in message:
            raw.sendall(bytes([byte]))
            time.sleep(0.02)


def test_strangers_make_room_for_who_says_hello(site: Site, receiver: Any) -> None:
    silent = [socket.create_connection(("127.0.0.1", receiver.port)) for _ in range(STRANGERS + 30)]
    rogue = Rogue(receiver.port)

    assert rogue.welcome(hello(site)).credit > 0
    for raw in silent:
        raw.close()


BODY = encode(pa.record_batch({"body": pa.array([b"a", b"b"], pa.binary())}))
TAGS = (TagRun(EPOCH, 0, 2),)


@pytest.mark.parametrize(
    "changes",
    [
        {"session": 99},
        {"epoch": b"x" * 16},
        {"first": 5, "end": 5},
        {"first": 9, "end": 7},
        {"rows": 3},
        {"tags": (TagRun(EPOCH, 0, 1),)},
        {"settled": 1},
    ],
    ids=str,
)
def test_data_that_no_sender_sends_ends_the_connection(
    site: Site, receiver: Any, changes: dict[str, Any]
) -> None:
    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    first, end = changes.pop("first", 0), changes.pop("end", 2)
    rogue.data(first, end, BODY, **{"rows": 2, "tags": TAGS, **changes})

    assert rogue.ended()
    assert receiver.held == 0


def test_rows_that_are_here_are_not_stored_again(site: Site, receiver: Any) -> None:
    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    rogue.data(0, 2, BODY)
    rogue.answer()
    rogue.data(0, 2, BODY)
    assert rogue.ended()

    again = Rogue(receiver.port)
    assert again.welcome(hello(site)).have == ((EPOCH, ((0, 2),)),)
    again.data(1, 3, BODY)
    assert again.ended()
    assert receiver.held == 2


def test_a_wrong_checksum_stores_nothing(site: Site, receiver: Any) -> None:
    rogue = Rogue(receiver.port)
    welcome = rogue.welcome(hello(site))
    data = Data(welcome.session, EPOCH, 0, 2, 2, 1, 0, zlib.crc32(BODY), TAGS)
    raw = bytearray(b"".join(bytes(part) for part in frame(data, BODY)))
    raw[-20] ^= 1
    rogue.raw.sendall(raw)

    farewell = rogue.answer()
    assert isinstance(farewell, Bye)
    assert farewell.reason == Farewell.FAULT
    assert farewell.text == "the checksum of rows 0 to 2 is wrong"
    assert rogue.ended()
    assert receiver.held == 0


def test_a_length_beyond_the_largest_frame_takes_no_memory(site: Site, receiver: Any) -> None:
    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    rogue.raw.sendall(HEADER.pack(2**32 - 1, Data.kind, 0, 0))
    assert rogue.ended()

    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    rogue.raw.sendall(HEADER.pack(1 << 20, Data.kind, 0, 0) + struct.pack("<I", 2**32 - 1))
    assert rogue.ended()


def test_data_beyond_the_credit_ends_the_connection(site: Site, receiver: Any) -> None:
    receiver.journal.submit = lambda put, **_: Future()  # nothing is ever stored
    rogue = Rogue(receiver.port)
    credit = rogue.welcome(hello(site)).credit
    bodies = [site.events(range(row, row + 2000)) for row in range(0, 40_000, 2000)]
    assert sum(body.size for body in bodies) > 2 * credit
    with suppress(LinkFault):
        for turn, body in enumerate(bodies):
            rogue.data(turn * 2000, turn * 2000 + 2000, body)

    assert rogue.ended()
    site.eventually(lambda: receiver.counters.counts["protocol_errors"] == 1)
    assert receiver.counters.counts["bytes_received"] <= credit + bodies[-1].size + 200


def test_what_is_stored_after_its_connection_ended_is_counted(site: Site, receiver: Any) -> None:
    outcome: Future[Any] = Future()
    submitted: list[Any] = []
    receiver.journal.submit = lambda put, **_: submitted.append(put) or outcome
    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    rogue.data(0, 2, BODY)
    site.eventually(lambda: submitted)
    rogue.raw.close()
    site.eventually(lambda: receiver.counters.gauges["connections_open"] == 0)
    outcome.set_result(Stored(0, 0))

    site.eventually(lambda: receiver.counters.counts["events_accepted"] == 2)


def test_a_body_that_is_no_batch_is_rejected_for_good(site: Site, receiver: Any) -> None:
    text = pa.array(["a", "b"])
    wrong = [
        (pa.py_buffer(b""), "not an Arrow stream"),
        (pa.py_buffer(b"garbage" * 9), "not an Arrow stream"),
        (BODY.slice(0, BODY.size // 2), "not an Arrow stream"),
        (encode(pa.record_batch({"body": pa.array([b"a"], pa.binary())})), "1 events where 2"),
        (encode(pa.record_batch({"body": pa.array([b"a", None], pa.binary())})), "has no body"),
        (encode(pa.record_batch({"body": text})), "no event has a column `body` of type string"),
        (encode(pa.record_batch({"h.a": text})), "no column `body`"),
        (
            encode(pa.record_batch({"body": pa.array([b"a", b"b"], pa.binary()), "x": text})),
            "no event has a column `x`",
        ),
        (two_batches(), "more than one batch"),
        *((swollen(codec), "its buffers are compressed") for codec in ("lz4", "zstd")),
    ]
    for turn, (body, said) in enumerate(wrong):
        rogue = Rogue(receiver.port)
        rogue.welcome(hello(site))
        rogue.data(turn * 2, turn * 2 + 2, body)
        answer = rogue.answer()
        assert isinstance(answer, Reject)
        site.match(said, answer.text)
    assert receiver.held == 0


@pytest.mark.slow
def test_mutated_bodies_are_rejected_or_stored_and_never_crash(site: Site, receiver: Any) -> None:
    chance = random.Random(3)
    names = pa.array(["x", "y", "x", None]).dictionary_encode()
    rest = pa.array(
        [[("k", "v")], None, [], [("a", "b"), ("c", "d")]], pa.map_(pa.utf8(), pa.utf8())
    )
    bodies = pa.array([b"a", b"b", b"", b"long" * 30], pa.binary())
    good = encode(pa.record_batch({"body": bodies, "h.n": names, "headers": rest})).to_pybytes()
    stored, row = 0, 0
    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    for _ in range(400):
        bad = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        rogue.data(row, row + 4, pa.py_buffer(bytes(bad)))
        answer = rogue.answer()
        stored += 4 * isinstance(answer, Ack)
        if isinstance(answer, Reject):
            rogue = Rogue(receiver.port)
            rogue.welcome(hello(site))
        row += 4

    assert receiver.held == stored
    for chunk in receiver.chunks(stored // 4):
        site.read(chunk)


def test_a_second_machine_with_the_same_journal_is_refused(site: Site, receiver: Any) -> None:
    rogue = Rogue(receiver.port)
    rogue.welcome(hello(site))
    clone = Rogue(receiver.port)
    clone.link.send(hello(site, machine="other", epoch=b"f" * 16, host="h2"))

    site.match("was this machine cloned", clone.answer().text)
    rogue.data(0, 2, BODY)
    assert isinstance(rogue.answer(), Ack)


def test_a_process_that_came_back_is_let_in_at_once(site: Site, receiver: Any) -> None:
    old = Rogue(receiver.port)
    old.welcome(hello(site))
    new = Rogue(receiver.port)
    new.welcome(hello(site, epoch=b"f" * 16))

    old.data(0, 2, BODY)
    assert old.ended()
    assert receiver.held == 0


def test_more_senders_than_declared_are_told_to_come_back(site: Site) -> None:
    end = site.end("collector")
    end.start(site.receiver(senders=2))
    rogues = [Rogue(end.port) for _ in range(3)]
    for number in range(2):
        rogues[number].welcome(hello(site, journal=bytes([number]) * 16))
    rogues[2].link.send(hello(site, journal=b"z" * 16))

    site.match("2 senders are connected", rogues[2].answer().text)


def test_senders_share_the_memory(site: Site) -> None:
    end = site.end("collector")
    end.start(site.receiver(window=Size("1MiB"), memory=Size("2MiB")))

    granted = []
    rogues = [Rogue(end.port) for _ in range(8)]
    for number, rogue in enumerate(rogues):
        granted.append(rogue.welcome(hello(site, journal=bytes([number]) * 16)).credit)

    assert granted[:2] == [1 << 20, 1 << 20]
    assert granted[3] == 1 << 19
    assert granted[7] == 1 << 18


class Asking:
    """A connection whose other end asks for many signs of life, and takes no message for long."""

    peer = "a test"
    names = None

    def prove(self, *_: Any) -> None:
        pass

    def __init__(self, first: Hello, times: int) -> None:
        self._messages = [first, *map(Ping, range(times))]
        self.sent: list[Any] = []
        self._all_asked = threading.Event()

    def receive(self, *_: Any) -> Any:
        if self._messages:
            return self._messages.pop(0)
        self._all_asked.set()
        raise Disconnected("the test is over")

    def send(self, message: Any) -> None:
        if self.sent:
            assert self._all_asked.wait(10)
        self.sent.append(message)

    def close(self, reason: str) -> None:
        pass


def test_who_asks_for_life_without_end_and_reads_nothing_takes_no_memory(site: Site) -> None:
    end = site.end("collector")
    station = Station("h", "a", end.journal, end.links, Register(1 << 20, 1 << 20, 9), 1 << 20)
    asking = Asking(hello(site), times=5_000)

    Incoming(asking, Pulse(60.0, time.monotonic()), station, end).run(5.0, lambda: None)

    pongs = [message.time for message in asking.sent if isinstance(message, Pong)]
    assert len(pongs) <= 2
    assert pongs[-1:] == [4_999]


def swollen(codec: str) -> pa.Buffer:
    """Return a small body that would take 64 MiB when it is decoded."""
    batch = pa.record_batch({"body": pa.array([bytes(32 << 20)] * 2, pa.binary())})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def two_batches() -> pa.Buffer:
    batch = pa.record_batch({"body": pa.array([b"a", b"b"], pa.binary())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch)
    return sink.getvalue()
