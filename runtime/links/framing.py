"""A message on the wire: `length u32 | kind u8 | flags u8 | crc32 u32 | payload`.

The CRC covers the six bytes before it and the payload, and has a seed, so that zeros are never
valid. The payload of Data is `head length u32 | head | body`: there the CRC ends before the body,
which is the journal's, byte for byte, and whose own CRC, in the head, is the journal's as well.
"""

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flumec.runtime.checksum import crc32
from flumec.runtime.frozen import frozen
from flumec.runtime.links.faults import ProtocolError
from flumec.runtime.links.messages import KINDS, Data, Message

if TYPE_CHECKING:
    from pyarrow import Buffer

HEADER = struct.Struct("<IBBI")
HEAD_LENGTH = struct.Struct("<I")
OVERHEAD = 64 * 1024
"""Bytes that a receiver allows beyond its largest body, for what stands before the body."""
_COVERED = struct.Struct("<IBB")
_SEED = 0x666C6F77  # "flow"


@frozen
class Header:
    """What stands before a payload."""

    length: int
    kind: int
    flags: int
    crc: int


def data_size(head: int, body: int) -> int:
    """Return the bytes that a Data message takes on the wire, which is the credit that it uses."""
    return HEADER.size + HEAD_LENGTH.size + head + body


def frame(message: Message, body: "Buffer | None" = None) -> "list[bytes | Buffer]":
    """Return the parts of a message, ready for `sendmsg`; `body` is for Data, and is not copied."""
    payload = message.pack()
    if not isinstance(message, Data):
        return [_header(message.kind, payload) + payload]
    if body is None:
        raise ValueError("a Data message has a body")
    head = HEAD_LENGTH.pack(len(payload)) + payload
    return [_header(message.kind, head, body.size) + head, body]


def read_header(raw: bytes | memoryview, limits: Mapping[int, int]) -> Header:
    """Read a header; `limits` are the kinds that may come now, each with its longest payload.

    Raise ProtocolError before any memory is taken for the payload.
    """
    header = Header(*HEADER.unpack(raw))
    if header.kind not in limits:
        name = KINDS[header.kind].__name__ if header.kind in KINDS else f"kind {header.kind}"
        raise ProtocolError(f"a message that may not come now ({name}): not a flumec link?")
    if header.flags:
        raise ProtocolError(f"flags {header.flags:#x}, of which no protocol has any")
    if header.length > limits[header.kind]:
        raise ProtocolError(
            f"a message of {header.length} bytes, where at most {limits[header.kind]} are allowed"
        )
    return header


def verify(header: Header, covered: bytes | memoryview) -> None:
    """Raise ProtocolError unless the header, and the payload up to a body, are what was sent."""
    if _checksum(header.length, header.kind, header.flags, covered) != header.crc:
        raise ProtocolError("a message's checksum is wrong")


def verify_body(data: Data, body: "Buffer") -> None:
    """Raise ProtocolError unless a body is what was put first, maybe on another host."""
    if crc32(body) != data.crc:
        raise ProtocolError(f"the checksum of rows {data.first} to {data.end} is wrong")


def _header(kind: int, covered: bytes, body: int = 0) -> bytes:
    length = len(covered) + body
    return HEADER.pack(length, kind, 0, _checksum(length, kind, 0, covered))


def _checksum(length: int, kind: int, flags: int, covered: bytes | memoryview) -> int:
    return crc32(covered, crc32(_COVERED.pack(length, kind, flags), _SEED))
