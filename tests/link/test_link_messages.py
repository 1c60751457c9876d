"""Messages of a link come back as they went out, and nothing else comes in as one."""

import struct

import pyarrow as pa
import pytest
from flumec.runtime.journal.records import TagRun
from flumec.runtime.links.faults import ProtocolError
from flumec.runtime.links.framing import HEADER, frame, read_header, verify
from flumec.runtime.links.greeting import Epoch, Hello, Refuse, Welcome
from flumec.runtime.links.messages import (
    KINDS,
    Ack,
    Bye,
    Data,
    Message,
    Ping,
    Pong,
    Reject,
    unpack,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LIMITS = dict.fromkeys(KINDS, 1 << 20)

ids = st.binary(min_size=16, max_size=16)
u16, u32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
u64, i64 = st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1)
texts = st.text(max_size=20)
names = texts.filter(str.isprintable)


@st.composite
def row_ranges(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    steps = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=4))
    ranges, at = [], 0
    for gap, rows in steps:
        ranges.append((at + gap, at + gap + rows))
        at += gap + rows
    return tuple(ranges)


stored = st.lists(st.tuples(ids, row_ranges()), max_size=3).map(tuple)
epochs = st.lists(st.builds(Epoch, ids, u64, u64, u64), max_size=3).map(tuple)
tags = st.lists(st.builds(TagRun, ids, u64, u32), max_size=3).map(tuple)
acked = st.lists(st.tuples(ids, st.tuples(u64, u64)), max_size=3).map(tuple)

hellos = st.builds(
    Hello, u16, u16, names, names, names, names, names, ids, ids, ids, epochs, ids, acked, u32, i64
)
messages = st.one_of(
    hellos,
    st.builds(Welcome, u16, ids, ids, u64, stored, u64, u32, i64),
    st.builds(Refuse, st.integers(0, 255), texts, u32, u64),
    st.builds(Data, u64, ids, u64, u64, u32, i64, u64, u32, tags),
    st.builds(Ack, stored, u64),
    st.builds(Reject, ids, u64, u64, texts, st.none() | u64),
    st.builds(Ping, i64),
    st.builds(Pong, i64),
    st.builds(Bye, st.integers(0, 255), texts),
)


def parse(raw: bytes) -> Message:
    header = read_header(raw[: HEADER.size], LIMITS)
    payload = raw[HEADER.size : HEADER.size + header.length]
    verify(header, payload)
    return unpack(header.kind, payload)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(messages)
def test_a_message_comes_back(message: Message) -> None:
    assert unpack(message.kind, message.pack()) == message


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(messages.filter(lambda m: not isinstance(m, Data)), st.data())
def test_one_changed_byte_is_noticed(message: Message, data: st.DataObject) -> None:
    raw = bytearray(b"".join(frame(message)))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(ProtocolError):
        parse(bytes(raw))


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=200))
def test_garbage_with_a_right_checksum_is_a_message_or_a_protocol_error(
    kind: int, payload: bytes
) -> None:
    try:
        message = unpack(kind, payload)
    except ProtocolError:
        return

    assert message.pack() == payload


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(messages, st.data())
def test_a_payload_cut_anywhere_is_a_protocol_error(message: Message, data: st.DataObject) -> None:
    payload = message.pack()
    cut = data.draw(st.integers(0, len(payload) - 1))

    with pytest.raises(ProtocolError):
        unpack(message.kind, payload[:cut])


def test_zeros_are_no_message() -> None:
    header = read_header(HEADER.pack(0, Ack.kind, 0, 0), LIMITS)

    with pytest.raises(ProtocolError, match="checksum"):
        verify(header, b"")


def test_a_body_goes_out_without_being_copied() -> None:
    body = pa.py_buffer(b"x" * 1000)

    parts = frame(Data(1, bytes(16), 0, 1, 1, 0, 0, 0, ()), body)

    assert parts[-1] is body


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"GET / HTTP/1.1\r\n"[: HEADER.size], "may not come now"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", "may not come now"),
        (HEADER.pack(1 << 30, Hello.kind, 0, 0), "1073741824 bytes, where at most"),
        (HEADER.pack(0, Hello.kind, 1, 0), "flags 0x1"),
    ],
)
def test_a_header_that_cannot_be_is_refused_before_its_payload(raw: bytes, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        read_header(raw, {Hello.kind: 1 << 20})


def test_a_count_beyond_the_payload_takes_no_memory() -> None:
    payload = struct.pack("<I", 2**32 - 1) + bytes(40)

    with pytest.raises(ProtocolError, match="4294967295 items announced"):
        unpack(Ack.kind, payload)


def test_row_ranges_out_of_order_are_refused() -> None:
    def ack(*ranges: tuple[int, int]) -> bytes:
        return Ack(((bytes(16), ranges),), 0).pack()

    for ranges in [((5, 5),), ((5, 3),), ((5, 9), (1, 2)), ((1, 5), (4, 9)), ((1, 5), (5, 9))]:
        with pytest.raises(ProtocolError, match="out of order"):
            unpack(Ack.kind, ack(*ranges))
