"""A checksum is the same sum on every host: what one wrote, another checks."""

import zlib

import pyarrow as pa
import pytest
from flumec.runtime.checksum import crc32

LENGTHS = (0, 1, 7, 63, 64, 65, 4095, 4096, 100_003)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, pa.py_buffer])
def test_it_is_the_sum_of_zlib(kind: type, length: int) -> None:
    data = bytes(number * 31 % 251 for number in range(length))
    for start in (0, 1, 0xFFFFFFFF):
        assert crc32(kind(data), start) == zlib.crc32(data, start)
