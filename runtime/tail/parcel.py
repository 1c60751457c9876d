"""Lines of one or of many files on their way into one put."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
from flumec.runtime.batch import BODY, Column, constant, with_header
from flumec.runtime.tail.file import Followed, Piece

if TYPE_CHECKING:
    from flumec.runtime.journal.records import Progress
    from flumec.runtime.sources.taildir import Taildir

PART = "part"
"""The header that says which part of a long line an event is."""


class Parcel:
    """Gathers pieces; many quiet files share a put, which then has a progress for each."""

    def __init__(self, source: "Taildir") -> None:
        self._source = source
        self._pieces: list[Piece] = []
        self.size = 0
        """Bytes of lines."""
        self.lines = 0

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def add(self, piece: Piece) -> None:
        """Add lines. A file's pieces come in order."""
        self._pieces.append(piece)
        self.size += piece.taken.consumed
        self.lines += _rows(piece)

    @property
    def cut(self) -> int:
        """How many lines were cut."""
        return sum(piece.taken.cut for piece in self._pieces)

    @property
    def files(self) -> Sequence[tuple[Followed, bytes]]:
        """Each file, and where it stands after these lines."""
        return list({piece.file: piece.to for piece in self._pieces}.items())

    def progress(self, seen: int) -> "Sequence[Progress]":
        """Return how far each file comes by these lines; `seen` in nanoseconds since 1970."""
        starts: dict[Followed, bytes] = {}
        for piece in self._pieces:
            starts.setdefault(piece.file, piece.start)
        return [file.progress(self._source.name, seen, starts[file], to) for file, to in self.files]

    def batch(self) -> pa.RecordBatch | None:
        """Return the lines as one batch; None where bytes were passed over and there is no line."""
        full = [piece for piece in self._pieces if piece.taken.bodies is not None]
        if not full:
            return None
        bodies = _joined([piece.taken.bodies for piece in full])
        batch = pa.record_batch([bodies], names=[BODY])
        if any(piece.taken.parts is not None for piece in full):
            parts = [_parts(piece) for piece in full]
            batch = with_header(batch, PART, _joined(parts))
        if self._source.path_header is not None:
            batch = with_header(batch, self._source.path_header, _paths(full))
        return batch


def _joined(columns: list[Column]) -> Column:
    return columns[0] if len(columns) == 1 else pa.concat_arrays(columns)


def _parts(piece: Piece) -> Column:
    whole = piece.taken.parts is None
    return pa.nulls(_rows(piece), pa.utf8()) if whole else piece.taken.parts


def _paths(pieces: list[Piece]) -> Column:
    """Return each line's path; bytes of a name that are not UTF-8 are U+FFFD."""
    names = [os.fsencode(piece.path).decode("utf-8", "replace") for piece in pieces]
    counts = [_rows(piece) for piece in pieces]
    if len(set(names)) == 1:
        return constant(names[0], sum(counts))
    texts = [pa.scalar(name, pa.utf8()) for name in names]
    return pa.concat_arrays([pa.repeat(*each) for each in zip(texts, counts, strict=True)])


def _rows(piece: Piece) -> int:
    return 0 if piece.taken.bodies is None else len(piece.taken.bodies)
