"""The text format writes bodies as they are, whatever slice of a batch they are."""

import pyarrow as pa
from flumec.runtime.formats.lines import Lines
from hypothesis import given
from hypothesis import strategies as st

bodies = st.lists(st.binary(max_size=6), max_size=12)


@given(bodies, st.integers(0, 12), st.integers(0, 12), st.booleans())
def test_every_body_and_its_newline_once(
    values: list[bytes], start: int, length: int, newline: bool
) -> None:
    array = pa.array(values, pa.binary()).slice(min(start, len(values)), length)

    lines = Lines(array, newline=newline)

    end = b"\n" if newline else b""
    expected = [value + end for value in values[start : start + length]]
    for first in range(len(expected) + 1):
        for stop in range(first, len(expected) + 1):
            assert bytes(lines.piece(first, stop)) == b"".join(expected[first:stop])


@given(bodies.filter(len), st.integers(0, 11), st.integers(-3, 40), st.booleans())
def test_the_first_row_that_fills_the_size_is_the_last(
    values: list[bytes], start: int, size: int, newline: bool
) -> None:
    start = min(start, len(values) - 1)
    sizes = [len(value) + newline for value in values]
    lines = Lines(pa.array(values, pa.binary()), newline=newline)

    stop = lines.filling(start, len(values), size)

    assert start < stop <= len(values)
    assert stop == start + 1 or sum(sizes[start : stop - 1]) < size
    assert stop == len(values) or sum(sizes[start:stop]) >= size


def test_an_absent_body_is_an_empty_line() -> None:
    lines = Lines(pa.array([b"a", None, b"b"], pa.binary()), newline=True)

    assert bytes(lines.piece(0, 3)) == b"a\n\nb\n"
