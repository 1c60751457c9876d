"""Whatever comes in on the port: no memory, no crash, no commit, and a good sender gets through.

Real conversations are recorded, changed by chance and played to a real receiver: bytes flipped,
cut, doubled and turned round, lengths made huge, messages replayed, left out and in another order,
with their checksums wrong or made right again; garbage, half a frame and silence, TLS where none is
spoken. Meanwhile a good sender sends. What is stored at the end is what was put, and no thread,
descriptor or memory is left with a connection that is gone.
"""

import os
import random
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.batch import encode
from flumec.runtime.component import Duration, Size
from flumec.runtime.journal.records import TagRun
from flumec.runtime.links.framing import HEAD_LENGTH, HEADER, _header, frame
from flumec.runtime.links.messages import Bye, Data, Farewell, Ping

from tests.link.test_link_hostile import EPOCH, hello

Site = Any
Play = list[bytes]
"""What a connection sends, message by message."""

SHARED = 8 << 20
"""The most bytes that the receiver of these tests takes for all its senders."""
BODY_CRC = HEAD_LENGTH.size + 60
"""Where in the payload of Data the checksum of the body stands."""
SLACK = 96 << 20
"""What the process may grow by beyond that: buffers, threads and what Arrow keeps."""


def conversation(site: Site, chance: random.Random, number: int) -> Play:
    """Return what a sender would say: Hello, a few frames of its journal, signs of life, Bye."""
    journal = b"fuzz%012d" % number
    said = [b"".join(frame(hello(site, journal=journal, machine=f"m{number}")))]
    row = 0
    for _ in range(chance.randint(1, 4)):
        rows = chance.randint(1, 9)
        texts = pa.array(["x", None, "y"] * 3)[:rows].dictionary_encode()
        bodies = pa.array([b"FUZZ" + bytes([48 + n]) * n for n in range(rows)], pa.binary())
        body = encode(pa.record_batch({"body": bodies, "h.n": texts}))
        data = Data(
            1, EPOCH, row, row + rows, rows, 1, 0, zlib.crc32(body), (TagRun(EPOCH, row, rows),)
        )
        said.append(b"".join(bytes(part) for part in frame(data, body)))
        row += rows
        if chance.random() < 0.3:
            said.append(b"".join(frame(Ping(7))))
    said.append(b"".join(frame(Bye(Farewell.DRAIN, "done"))))
    return said


def resealed(message: bytes) -> bytes:
    """Return a message whose checksum is right again: what is wrong with it is found behind."""
    if len(message) < HEADER.size:
        return message
    length, kind, _, _ = HEADER.unpack(message[: HEADER.size])
    payload = message[HEADER.size :]
    if kind != Data.kind or len(payload) < HEAD_LENGTH.size:
        return _header(kind, payload) + payload
    end = HEAD_LENGTH.size + HEAD_LENGTH.unpack(payload[: HEAD_LENGTH.size])[0]
    if BODY_CRC + 4 <= end <= len(payload):  # the body's too, so that Arrow gets to see it
        crc = struct.pack("<I", zlib.crc32(payload[end:]))
        payload = payload[:BODY_CRC] + crc + payload[BODY_CRC + 4 :]
    return _header(kind, payload[:end], max(0, length - end)) + payload


def flip(chance: random.Random, message: bytes) -> bytes:
    changed = bytearray(message)
    for _ in range(chance.randint(1, 6)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def truncate(chance: random.Random, message: bytes) -> bytes:
    return message[: chance.randrange(len(message))]


def stretch(chance: random.Random, message: bytes) -> bytes:
    at = chance.randrange(len(message))
    return message[:at] + chance.randbytes(chance.choice((1, 4, 500))) + message[at:]


def enlarge(chance: random.Random, message: bytes) -> bytes:
    """Make some number of it huge, the length of all or a length inside."""
    at = chance.choice((0, HEADER.size, chance.randrange(max(1, len(message) - 4))))
    huge = struct.pack("<I", chance.choice((2**32 - 1, 2**31, 1 << 24, 0)))
    return message[:at] + huge + message[at + 4 :]


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (flip, truncate, stretch, enlarge)


def mutated(chance: random.Random, said: Play) -> Play:
    """Return a conversation that no sender would have."""
    said = list(said)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(said))
        match chance.randrange(6):
            case 0:
                said.insert(chance.randrange(len(said) + 1), said[at])
            case 1:
                del said[at]
                said = said or [b"\0"]
            case 2:
                chance.shuffle(said)
            case _:
                changed = chance.choice(MUTATIONS)(chance, said[at] or b"\0")
                said[at] = resealed(changed) if chance.random() < 0.6 else changed
    return said


def garbage(chance: random.Random) -> Play:
    """Return what is no conversation at all."""
    context = ssl.create_default_context()
    outgoing = ssl.MemoryBIO()
    greeting = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="core-1")
    with suppress(ssl.SSLWantReadError):
        greeting.do_handshake()
    return [
        chance.choice((
            chance.randbytes(chance.randint(1, 4_000)), outgoing.read(), bytes(64),
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01" + chance.randbytes(90),
            HEADER.pack(2**32 - 1, chance.randrange(12), 0, 0), b"SSH-2.0-x\r\n",
        ))
    ]  # fmt: skip


def play(port: int, chance: random.Random, said: Play) -> None:
    """Say it on a connection of its own; end it at once, half closed, or after what comes back."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as raw:
        raw.settimeout(0.02)
        for message in said:
            with suppress(TimeoutError):
                raw.sendall(message)
            if chance.random() < 0.5:
                with suppress(TimeoutError):
                    raw.recv(65_536)
        if chance.random() < 0.5:
            raw.shutdown(socket.SHUT_WR)
            with suppress(TimeoutError):
                raw.recv(65_536)


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Watched:
    """What the process holds, and may not keep after all strangers are gone."""

    def __init__(self) -> None:
        self.threads, self.files, self.most = threading.active_count(), open_files(), resident()
        self.memory = self.most

    def look(self) -> None:
        self.most = max(self.most, resident())
        assert self.most - self.memory < SHARED + SLACK

    def returned(self) -> bool:
        return threading.active_count() <= self.threads and open_files() <= self.files


@pytest.fixture
def good(site: Site) -> Any:
    """Return both ends of a link that works, with short times and little memory."""
    tailer, collector = site.linked(
        hello_time_out=Duration("500ms"), largest_frame=Size("1MiB"), window=Size("256KiB"),
        memory=Size("8MiB"), senders=64,
    )  # fmt: skip
    tailer.put(range(5))
    site.eventually(lambda: collector.held == 5 and tailer.held == 0)
    return tailer, collector


def fuzz(site: Site, ends: Any, seed: int, rounds: int) -> None:
    tailer, collector = ends
    watched, value = Watched(), 5
    chance = random.Random(seed)
    for number in range(rounds):
        said = garbage(chance)
        if chance.random() < 0.85:
            said = mutated(chance, conversation(site, chance, number))
        play(collector.port, chance, said)
        if number % 20 == 0:
            tailer.put(range(value, value + 3))
            value += 3
            watched.look()
    site.eventually(lambda: tailer.held == 0)
    assert tailer.counters.counts["connections_created"] == 1, "the good sender was disturbed"
    site.eventually(watched.returned)
    watched.look()
    hold(collector, value)


def hold(collector: Any, value: int) -> None:
    """Hold what is stored to what was put: the good sender's in order, of others whole rows."""
    stored: list[bytes] = []
    while chunks := collector.consumer.read(0.1):
        for chunk in chunks:
            batch = chunk.body
            with pa.ipc.open_stream(batch) as reader:
                rows = reader.read_next_batch()
            rows.validate(full=True)
            assert sum(run.count for run in chunk.tags) == rows.num_rows
            stored += rows.column("body").to_pylist()
    mine = [int(body) for body in stored if body.isdigit()]
    assert mine == list(range(value))
    assert collector.died is None
    counts = collector.counters.counts
    assert counts["events_accepted"] == len(stored)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "seed",
    [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in thorough.first(range(1, 9)))],
)
def test_no_conversation_gets_memory_a_crash_or_a_commit(site: Site, good: Any, seed: int) -> None:
    fuzz(site, good, seed, 600 if seed else 5)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_thousands_of_connections_keep_nobody_out(site: Site, good: Any) -> None:
    tailer, collector = good
    watched = Watched()
    for burst in range(20):
        held = []
        for _ in range(150):
            with suppress(OSError):
                held.append(socket.create_connection(("127.0.0.1", collector.port), timeout=2))
        for raw in held[::2]:
            with suppress(OSError):
                raw.sendall(b"".join(frame(hello(site)))[: burst + 3])
        tailer.put([5 + burst])
        watched.look()
        for raw in held:
            raw.close()
    site.eventually(lambda: tailer.held == 0)
    site.eventually(watched.returned)
    hold(collector, 25)


@pytest.mark.slow
def test_trickles_and_halves_hold_nothing_for_long(site: Site, good: Any) -> None:
    tailer, collector = good
    watched, chance = Watched(), random.Random(5)
    held = []
    for number in range(30):
        said = b"".join(conversation(site, chance, number))
        raw = socket.create_connection(("127.0.0.1", collector.port), timeout=2)
        raw.sendall(said[: chance.randrange(len(said) - 40)])
        held.append((raw, said))
    began = time.monotonic()
    while time.monotonic() - began < 8 and not watched.returned():
        for raw, said in held[:10]:
            with suppress(OSError):
                raw.send(said[:1])
        time.sleep(0.1)
        watched.look()
    for raw, _ in held:
        raw.close()
    tailer.put([5])
    site.eventually(lambda: tailer.held == 0)
    site.eventually(watched.returned)
    hold(collector, 6)
