"""One header value for a whole batch, with respect for what is there."""

import pyarrow as pa
import pyarrow.compute as pc
from flumec.runtime.batch import constant, header, with_header


def set_constant(batch: pa.RecordBatch, name: str, value: str, preserve: bool) -> pa.RecordBatch:
    """Return `batch` with the header set on every row; with `preserve`, where it is absent."""
    if preserve:
        present = header(batch, name)
        if present.null_count == 0:
            return batch
        if present.null_count < batch.num_rows:
            return with_header(batch, name, pc.fill_null(present, value))
    return with_header(batch, name, constant(value, batch.num_rows))
