"""What a format does: it turns rows of batches into the bytes of files, a batch at a time.

    batch ──payload──▶ one value a row ──gathered by file──▶ Rows ──pieces──▶ Writer ──▶ bytes

A payload is an Arrow column or a batch, so gathering the rows of each file is one sort and one copy
whatever the format. Making pieces is cheap and done by the thread that reads; a writer's work, to
encode and compress, is the dear part, and may be done by another thread, one for a file at a time.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import pyarrow as pa
from flumec.runtime.disk import Bytes

Payload: TypeAlias = Any
"""An Arrow array or record batch: it has `take`, and a length."""

Piece: TypeAlias = Any
"""Consecutive rows of one file, as its format's writer takes them."""


class Rows(Protocol):
    """The payload of a batch, gathered by file."""

    def piece(self, start: int, stop: int) -> Piece:
        """Return the rows from `start` up to `stop`."""

    def size(self, start: int, stop: int) -> int:
        """Return the bytes of the rows, before they are encoded."""

    def filling(self, start: int, stop: int, size: int) -> int:
        """Return where `size` bytes from `start` on are full, a row later at least; or `stop`."""


class Writer(Protocol):
    """The content of one file. `held` bytes of pieces it keeps, to encode them together."""

    held: int

    def takes(self, rows: Any) -> bool:
        """Whether the rows fit into the file; if not, another one must be begun."""

    def add(self, pieces: Sequence[Piece]) -> list[Bytes]:
        """Encode the pieces, and return what is to be written now."""

    def press(self) -> list[Bytes]:
        """Encode what is held, so that its memory is free, and return what is to be written."""

    def finish(self) -> list[Bytes]:
        """Return the end of the file; nothing may be added after it."""


class Format(Protocol):
    """A format as a sink is set to it."""

    exact: bool
    """Whether a piece has as many bytes in the file as `Rows.size` says."""

    def payload(self, batch: pa.RecordBatch) -> Payload:
        """Return what of a batch goes into files."""

    def rows(self, payload: Payload) -> Rows:
        """Return a payload, gathered by file, so that it can be cut into pieces."""

    def writer(self) -> Writer:
        """Begin a file."""
