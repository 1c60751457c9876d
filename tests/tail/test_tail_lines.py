"""What a line becomes: ends, lengths, odd bytes; the same however the file is cut into windows."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from flumec.runtime.component import Size
from flumec.runtime.tail.lines import Splitter, Taken
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tail.conftest import Rig

ODD = b"a\rb\n\0\xff\xfe\n\r\nplain\r\n\n  \xc3\xa9\n"
Event = tuple[bytes, str | None]


def model(data: bytes, line_end: str, max_line: int, long_line: str) -> list[Event]:
    """Return what a file becomes that is finished."""
    *whole, last = data.split(b"\n")
    events: list[Event] = []
    for line, newline in [*((line, True) for line in whole), *([(last, False)] if last else [])]:
        if newline and line_end == "crlf":
            line = line.removesuffix(b"\r")  # noqa: PLW2901 what follows means the cut line
        end = b"\n" if newline and line_end == "keep" else b""
        parts = [line[at : at + max_line] for at in range(0, len(line), max_line)] or [b""]
        if len(parts) == 1:
            events.append((line + end, None))
        elif long_line == "cut":
            events.append((parts[0], "cut"))
        else:
            parts[-1] += end
            marks = ["first", *["middle"] * (len(parts) - 2), "last"]
            events += zip(parts, marks, strict=True)
    return events


def events(taken: Taken) -> list[Event]:
    if taken.bodies is None:
        return []
    parts = taken.parts.to_pylist() if taken.parts is not None else [None] * len(taken.bodies)
    return list(zip(taken.bodies.to_pylist(), parts, strict=True))


def streamed(splitter: Splitter, data: bytes, window: int, growth: Iterable[int]) -> list[Event]:
    """Return what comes out of a file that grows by these steps and is then finished."""
    found: list[Event] = []
    offset, inside, size = 0, 0, 0
    for step in [*growth, len(data)]:
        size = min(len(data), size + step)
        while True:
            chunk = data[offset : min(size, offset + window)]
            final = size == len(data) and offset + len(chunk) == size
            buffer = bytearray(chunk) + b"left over\n"
            taken = splitter.take(buffer, len(chunk), inside, final=final)
            found += events(taken)
            offset, inside = offset + taken.consumed, taken.inside
            if not taken.consumed or offset == size:
                break
    assert offset == len(data)
    return found


options = (
    st.sampled_from(["lf", "crlf", "keep"]),
    st.integers(1, 6),
    st.sampled_from(["split", "cut"]),
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\0", b"bbbb", b"\xff"]), max_size=30),
    *options,
    st.integers(0, 9),
    st.lists(st.integers(1, 9), max_size=20),
)
def test_windows_and_growth_change_nothing(
    pieces: list[bytes], line_end: Any, max_line: int, long_line: Any, room: int, growth: list[int]
) -> None:
    data = b"".join(pieces)
    splitter = Splitter(line_end, max_line, long_line)

    found = streamed(splitter, data, splitter.window + room, growth)

    assert found == model(data, line_end, max_line, long_line)


@pytest.mark.slow
@pytest.mark.parametrize("line_end", ["lf", "crlf", "keep"])
@pytest.mark.parametrize("long_line", ["split", "cut"])
def test_every_short_file_at_every_cut(line_end: Any, long_line: Any) -> None:
    splitter = Splitter(line_end, 2, long_line)
    for length in range(5):
        for letters in product(b"x\r\n", repeat=length):
            data = bytes(letters)
            wanted = model(data, line_end, 2, long_line)
            for cut in range(length + 1):
                assert streamed(splitter, data, splitter.window, [cut]) == wanted, (data, cut)


def test_odd_bytes_are_kept(rig: Rig) -> None:
    rig.write("a.log", ODD)
    rig.start()
    rig.settle()

    assert b"".join(line + b"\n" for line in rig.lines) == ODD


def test_line_ends_as_declared(rig: Rig) -> None:
    rig.declare("a.log", line_end="crlf")
    rig.write("a.log", b"a\r\nb\nc\r\r\n\r\n")
    rig.start()
    rig.settle()

    assert rig.lines == [b"a", b"b", b"c\r", b""]


def test_kept_line_ends_are_in_the_body(rig: Rig) -> None:
    rig.declare("a.log", line_end="keep", unfinished="emit")
    rig.write("a.log", ODD + b"last")
    rig.start()
    rig.rest()

    assert b"".join(rig.lines) == ODD + b"last"


def test_long_lines_are_split_and_marked_also_over_a_restart(rig: Rig) -> None:
    rig.declare("a.log", max_line=Size("100B"))
    long = bytes(range(48, 58)) * 35
    rig.write("a.log", b"short\n" + long[:150])
    rig.start()
    rig.settle()
    rig.restart()
    rig.write("a.log", long[150:] + b"\nshort\n")
    rig.settle()

    assert rig.lines == [b"short", long[:100], long[100:200], long[200:300], long[300:], b"short"]
    assert rig.header("part") == [None, "first", "middle", "middle", "last", None]


def test_long_lines_are_cut_and_counted_also_over_a_restart(rig: Rig) -> None:
    rig.declare("a.log", max_line=Size("100B"), long_line="cut")
    rig.write("a.log", b"y" * 100 + b"\n" + b"x" * 150)
    rig.start()
    rig.settle()
    rig.write("a.log", b"x" * 10_000)
    rig.restart()
    rig.settle()
    rig.write("a.log", b"\nshort\n")
    rig.settle()

    assert rig.lines == [b"y" * 100, b"x" * 100, b"short"]
    assert rig.header("part") == [None, "cut", None]
    assert rig.counts["lines_cut"] == 1


def test_a_line_may_be_longer_than_a_batch(rig: Rig) -> None:
    rig.declare("a.log", batch=Size("4KiB"), max_line=Size("1MiB"))
    lines = [b"%d" % n * 50_000 for n in range(3)]
    rig.write("a.log", b"\n".join(lines) + b"\n")
    rig.start()
    rig.settle()

    assert rig.lines == lines


def test_the_path_goes_into_a_header_if_it_is_wanted(rig: Rig) -> None:
    rig.declare("*.log", path_header="file")
    rig.write("a.log", b"1\n2\n")
    rig.write("b.log", b"3\n")
    rig.start()
    rig.settle()

    named = dict(zip(rig.lines, rig.header("file"), strict=True))
    assert named == {
        b"1": str(rig.folder / "a.log"),
        b"2": str(rig.folder / "a.log"),
        b"3": str(rig.folder / "b.log"),
    }
