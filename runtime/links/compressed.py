"""Whether an Arrow IPC message has compressed buffers, read from its metadata before it is decoded.

A compressed buffer of a few kB can decompress to GiBs, and Arrow tells of it only by doing it. So
the one field is read here: Message.header → (DictionaryBatch.data →) RecordBatch.compression, as
laid out in Arrow's Message.fbs, by the rules of FlatBuffers' binary format. Arrow has verified the
bytes before.
"""

import struct

_HEADER_TYPE, _HEADER = 1, 2
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_DATA = 1
_COMPRESSION = 3


def is_compressed(metadata: bytes | memoryview) -> bool:
    """Say whether a message is a batch or dictionary with compressed buffers."""
    view = memoryview(metadata)
    message = _follow(view, 0)
    kind_at = _field(view, message, _HEADER_TYPE)
    header_at = _field(view, message, _HEADER)
    if not kind_at or not header_at:
        return False
    batch = _follow(view, header_at)
    if view[kind_at] == _DICTIONARY_BATCH:
        data_at = _field(view, batch, _DATA)
        if not data_at:
            return False
        batch = _follow(view, data_at)
    elif view[kind_at] != _RECORD_BATCH:
        return False
    return _field(view, batch, _COMPRESSION) != 0


def _follow(view: memoryview, at: int) -> int:
    """Return where the table lies to which the offset at `at` points."""
    return at + int(struct.unpack_from("<I", view, at)[0])


def _field(view: memoryview, table: int, number: int) -> int:
    """Return where a table's field lies, 0 for one that is absent."""
    vtable = table - int(struct.unpack_from("<i", view, table)[0])
    size = int(struct.unpack_from("<H", view, vtable)[0])
    slot = 4 + 2 * number
    if slot + 2 > size:
        return 0
    offset = int(struct.unpack_from("<H", view, vtable + slot)[0])
    return table + offset if offset else 0
