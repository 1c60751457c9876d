"""The `text` format: bodies one after the other, each with its newline."""

import pyarrow as pa
from flumec.runtime.batch import BODY, Column
from flumec.runtime.formats.lines import Lines, LineWriter


class Text:
    """Bodies as they are; headers are not written."""

    def __init__(self, codec: str, *, newline: bool) -> None:
        self.exact = codec == "none"
        self._codec = codec
        self._newline = newline

    def payload(self, batch: pa.RecordBatch) -> Column:
        """Return the bodies."""
        return batch.column(batch.schema.get_field_index(BODY))

    def rows(self, payload: Column) -> Lines:
        """Return the bodies as lines."""
        return Lines(payload, newline=self._newline)

    def writer(self) -> LineWriter:
        """Begin a file."""
        return LineWriter(self._codec)
