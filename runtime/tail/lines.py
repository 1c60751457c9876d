"""Bytes become lines: newlines found by Arrow, long lines in parts, ends cut as declared."""

import struct
from collections.abc import Iterator
from typing import Literal

import pyarrow as pa
from flumec.runtime.batch import Column
from flumec.runtime.batch import compute as pc
from flumec.runtime.frozen import frozen
from flumec.runtime.tail.position import Inside

LineEnd = Literal["lf", "crlf", "keep"]
LongLine = Literal["split", "cut"]

_NEWLINE = pa.scalar(b"\n", pa.binary())
_NOTHING = pa.scalar(b"", pa.binary())


@frozen
class Taken:
    """What came out of a window: bodies, their parts of long lines, and what was used up."""

    bodies: Column | None
    parts: Column | None
    """`first`, `middle`, `last` or `cut`, null for whole lines; None where all are whole."""
    consumed: int
    inside: Inside
    cut: int = 0
    """Lines that were cut here."""


@frozen
class Splitter:
    """How a source makes lines: what becomes of one does not depend on where windows end."""

    line_end: LineEnd
    max_line: int
    long_line: LongLine

    @property
    def slack(self) -> int:
        """Bytes beyond `max_line` that may still turn out to be a line's end: a CR."""
        return 1 if self.line_end == "crlf" else 0

    @property
    def window(self) -> int:
        """The least window in which there is always a line or a part of one."""
        return self.max_line + self.slack + 1

    def take(self, data: bytearray, length: int, inside: Inside, *, final: bool) -> Taken:
        """Take lines from the first `length` bytes of `data`, which go on as `inside` says.

        With `final` nothing will come after them: the rest without a newline is a line, too.
        """
        start = 0
        if inside == 2:
            start = data.find(b"\n", 0, length) + 1
            if start == 0:
                return Taken(None, None, length, 0 if final else 2)
            inside = 0
        end = data.rfind(b"\n", start, length) + 1 or start
        rest = length - end
        lines = self._split(data, start, end) if end > start else None
        whole = rest == 0 or (not final and rest <= self.max_line + self.slack)
        if whole and (not inside or lines is None) and not self._any_long(lines):
            return Taken(self._with_ends(lines), None, end, inside if lines is None else 0)
        return self._take_parts(lines, bytes(data[end:length]), inside, end, final=final)

    def _split(self, data: bytearray, start: int, end: int) -> Column:
        """Return the lines of `data[start:end]`, which ends in a newline, without their ends."""
        bounds = pa.py_buffer(struct.pack("<ii", start, end - 1))
        block = pa.Array.from_buffers(pa.binary(), 1, [None, bounds, pa.py_buffer(data)])
        lines = pc.split_pattern(block, "\n").values
        if self.line_end == "crlf" and data.find(b"\r", start, end) >= 0:
            return pc.if_else(pc.ends_with(lines, "\r"), pc.binary_slice(lines, 0, -1), lines)
        return lines

    def _any_long(self, lines: Column | None) -> bool:
        return lines is not None and pc.max(pc.binary_length(lines)).as_py() > self.max_line

    def _with_ends(self, lines: Column | None) -> Column | None:
        if lines is None or self.line_end != "keep":
            return lines
        return pc.binary_join_element_wise(lines, _NEWLINE, _NOTHING)

    def _take_parts(
        self, lines: Column | None, rest: bytes, inside: Inside, end: int, *, final: bool
    ) -> Taken:
        """Take lines one by one: some are long, or the rest is."""
        newline = b"\n" if self.line_end == "keep" else b""
        bodies: list[bytes] = []
        parts: list[str | None] = []
        for line in lines.to_pylist() if lines is not None else ():
            for body, part in self._parts(line, newline, within=inside == 1):
                bodies.append(body)
                parts.append(part)
            inside = 0
        consumed = end
        if final and rest:
            for body, part in self._parts(rest, b"", within=inside == 1):
                bodies.append(body)
                parts.append(part)
            consumed, inside = end + len(rest), 0
        while len(rest) > self.max_line + self.slack and not final:
            bodies.append(rest[: self.max_line])
            if self.long_line == "cut":
                parts.append("cut")
                consumed, inside = end + len(rest), 2
                break
            parts.append("middle" if inside else "first")
            rest = rest[self.max_line :]
            consumed, inside = consumed + self.max_line, 1
        return self._taken(bodies, parts, consumed, inside)

    @staticmethod
    def _taken(
        bodies: list[bytes], parts: list[str | None], consumed: int, inside: Inside
    ) -> Taken:
        marks = pa.array(parts, pa.utf8())
        return Taken(
            pa.array(bodies, pa.binary()) if bodies else None,
            marks if marks.null_count < len(marks) else None,
            consumed,
            inside,
            parts.count("cut"),
        )

    def _parts(
        self, line: bytes, end: bytes, *, within: bool
    ) -> Iterator[tuple[bytes, str | None]]:
        """Yield a line that is known to its end, in as many parts as it needs."""
        if self.long_line == "cut":
            long = len(line) > self.max_line
            yield (line[: self.max_line], "cut") if long else (line + end, None)
            return
        while len(line) > self.max_line:
            yield line[: self.max_line], "middle" if within else "first"
            line, within = line[self.max_line :], True
        yield line + end, "last" if within else None
