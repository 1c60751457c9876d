"""The text format writes bodies as they are, whatever slice of a batch they are."""

import pyarrow as pa
from flumec.runtime.output.text import lines, rows_until
from hypothesis import given
from hypothesis import strategies as st

bodies = st.lists(st.binary(max_size=6), max_size=12)


@given(bodies, st.integers(0, 12), st.integers(0, 12), st.booleans())
def test_every_body_and_its_newline_once(
    values: list[bytes], start: int, length: int, newline: bool
) -> None:
    array = pa.array(values, pa.binary()).slice(min(start, len(values)), length)

    written = b"".join(bytes(piece) for piece in lines(array, newline=newline))

    end = b"\n" if newline else b""
    assert written == b"".join(value + end for value in values[start : start + length])


@given(bodies.filter(len), st.integers(0, 11), st.integers(-3, 40), st.booleans())
def test_the_first_row_that_fills_the_size_is_the_last(
    values: list[bytes], start: int, size: int, newline: bool
) -> None:
    start = min(start, len(values) - 1)
    array = pa.array(values, pa.binary()).slice(start)
    sizes = [len(value) + newline for value in values[start:]]

    rows = rows_until(array, size, newline=newline)

    assert 1 <= rows <= len(sizes)
    assert rows == 1 or sum(sizes[: rows - 1]) < size
    assert rows == len(sizes) or sum(sizes[:rows]) >= size


def test_an_absent_body_is_an_empty_line() -> None:
    array = pa.array([b"a", None, b"b"], pa.binary())

    assert b"".join(bytes(piece) for piece in lines(array, newline=True)) == b"a\n\nb\n"
