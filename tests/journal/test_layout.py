"""The bytes are what docs/journal.md draws, and every record comes back as it was."""

import re
import struct
import zlib
from pathlib import Path

import pytest
from flumec.runtime.journal.__main__ import look
from flumec.runtime.journal.codec import Decoder
from flumec.runtime.journal.entries import FrameEntry, Kind, records
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.layout import ALIGNMENT, GROUP_HEADER, PAGE, SECTOR, seed
from flumec.runtime.journal.records import TagRun
from flumec.runtime.journal.walk import segment_path

from .conftest import Rig

PAGE_OF_DOCS = Path(__file__).parents[2] / "docs" / "journal.md"


def test_a_segment_begins_as_it_is_drawn(rig: Rig) -> None:
    journal = rig.open()
    page = rig.disk.open(segment_path(rig.directory, 1)).read(PAGE, 0)
    assert page[:8] == b"FLOWJRNL"
    assert struct.unpack_from("<HH", page, 8) == (1, 1)
    assert page[12:28] == journal.uuid
    assert page[28:44] == journal.epoch
    assert struct.unpack_from("<QQQ", page, 44) == (1, 0, 0)
    assert struct.unpack_from("<II", page, 76) == (0, zlib.crc32(page[:80]))
    assert page[2048:4096] == page[:2048]


def test_a_group_begins_as_it_is_drawn(rig: Rig) -> None:
    rig.open()
    rig.put("a", rows=7)
    file = rig.disk.open(segment_path(rig.directory, 1))
    opening = file.read(GROUP_HEADER, PAGE)
    head, body = struct.unpack_from("<IQ", opening, 4)
    start = -(-(PAGE + GROUP_HEADER + head + body) // SECTOR) * SECTOR
    data = file.read(PAGE, start)
    magic, head, body, number, first, rows, count, previous, crc = struct.unpack_from(
        "<4sIQQQIIII", data
    )
    assert (magic, number, first, rows, count) == (b"FGRP", 1, 0, 7, 1)
    assert struct.pack("<I", previous) == opening[44:48]
    assert crc == zlib.crc32(data[48 : 48 + head], zlib.crc32(data[:44], seed(rig.journal.epoch)))
    assert data[48 + head : 48 + head + body].endswith(b"x" * 100)


def test_every_kind_of_record_is_in_the_table() -> None:
    table = re.findall(r"^\| +(\d+) \| ([A-Z][a-z ]+) \|", PAGE_OF_DOCS.read_text(), re.MULTILINE)
    drawn = {int(number): name.upper().replace(" ", "_") for number, name in table}
    assert drawn == {kind.value: kind.name for kind in Kind}


@pytest.mark.parametrize("tags", [None, (), (TagRun(b"e" * 16, 5, 2), TagRun(b"f" * 16, 0, 1))])
def test_a_frame_comes_back(tags: tuple[TagRun, ...] | None) -> None:
    frame = FrameEntry((0, 513), 1 << 40, 3, 1 << 33, 0xFFFFFFFF, -5, (1 << 64) - 1, tags, 77)
    ((kind, data),) = records(frame.encode())
    assert (kind, FrameEntry.decode(data, copied=False)) == (Kind.FRAME, frame)


def test_bodies_are_aligned_and_waste_nothing() -> None:
    group, sizes = Group(), [10, 65_536, 3, 65_537, 9000, 0]
    entries = [FrameEntry((0,), n, 1, size, 0, 0, 0, None) for n, size in enumerate(sizes)]
    for entry in entries:
        group.add_frame(entry, memoryview(bytes([entry.first + 1]) * entry.length))
    start = PAGE + 3 * SECTOR
    buffers, header = group.build(start, 1, (0, 6), 0, 0)
    written = b"".join(buffers)
    assert len(written) == header.head_end + header.body_length <= group.bound
    for entry in entries:
        assert (start + entry.offset) % ALIGNMENT == 0
        body = written[entry.offset : entry.offset + entry.length]
        assert body == bytes([entry.first + 1]) * entry.length
    assert len(written) < header.head_end + sum(sizes) + len(sizes) * ALIGNMENT


def test_a_look_shows_what_is_there_and_what_is_not_valid(rig: Rig) -> None:
    rig.open()
    for _ in range(3):
        rig.put("a")
    rig.done("a", 2)
    rig.killed()
    lines = list(look(rig.directory, rig.disk))
    text = "\n".join(lines)
    assert "rows 2 to 4 for channels (0,), 100 bytes" in text
    assert "open by agent on host" in text
    assert "low 2 frees 100 bytes" in text
    assert "NOT VALID" not in text
    offset = int(re.search(r"(\d+)  group 2,", text).group(1))  # type: ignore[union-attr]
    rig.disk.corrupt(segment_path(rig.directory, 1), offset + 50)  # type: ignore[attr-defined]
    assert f"  {offset:>10}  NOT VALID" in "\n".join(look(rig.directory, rig.disk))


def test_text_and_bytes_come_back() -> None:
    from flumec.runtime.journal.codec import Encoder

    out = Encoder()
    out.text("größe")
    out.binary(b"")
    out.i64(-(1 << 63))
    data = Decoder(bytes(out.data))
    assert (data.text(), data.binary(), data.i64()) == ("größe", b"", -(1 << 63))
