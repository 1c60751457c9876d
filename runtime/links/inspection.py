"""A body that came from another host, looked at once, before anything else touches it."""

from typing import TYPE_CHECKING

import pyarrow as pa
from flumec.runtime.batch import BODY, PREFIX, REST
from flumec.runtime.links.compressed import is_compressed

if TYPE_CHECKING:
    from collections.abc import Callable

_MAP = pa.map_(pa.utf8(), pa.utf8())


class Invalid(ValueError):  # noqa: N818 a verdict on what came in, not an error here
    """A body is no batch of events; the message says what is wrong with it."""


def inspect(body: pa.Buffer, rows: int) -> None:
    """Require that `body` is one self-contained batch of `rows` valid events; raise Invalid.

    Every offset, index and text is checked (`validate(full=True)`), so that no later reader can be
    led outside the buffer. Costs about 70 µs per MB.
    """
    try:
        _inspect_buffers(body)
        with pa.ipc.open_stream(body) as reader:
            _inspect_schema(reader.schema)
            batch = reader.read_next_batch()
            batch.validate(full=True)
            _inspect_end(reader.read_next_batch)
    except Invalid:
        raise
    except Exception as error:  # pyarrow raises many kinds: UnicodeDecodeError, TypeError, KeyError
        raise Invalid(f"not an Arrow stream of one batch ({_brief(error)})") from None
    if batch.num_rows != rows:
        raise Invalid(f"{batch.num_rows} events where {rows} were announced")
    if batch.column(batch.schema.get_field_index(BODY)).null_count:
        raise Invalid("an event has no body")


def _inspect_schema(schema: pa.Schema) -> None:
    names = schema.names
    if len(set(names)) != len(names):
        raise Invalid("two columns have one name")
    if BODY not in names:
        raise Invalid(f"there is no column `{BODY}`")
    for field in schema:
        if not _known(field.name, field.type):
            raise Invalid(f"no event has a column `{field.name}` of type {field.type}")


def _known(name: str, kind: pa.DataType) -> bool:
    if name == BODY:
        return pa.types.is_binary(kind)
    if name == REST:
        return kind.equals(_MAP)
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return name.startswith(PREFIX) and pa.types.is_string(plain)


def _inspect_buffers(body: pa.Buffer) -> None:
    """Require that nothing grows when it is decoded: the credit paid for what the body takes."""
    reader = pa.ipc.MessageReader.open_stream(body)
    for message in reader:
        if is_compressed(memoryview(message.metadata)):
            raise Invalid("its buffers are compressed, and frames are not")


def _inspect_end(read: "Callable[[], pa.RecordBatch]") -> None:
    try:
        read()
    except StopIteration:
        return
    raise Invalid("more than one batch")


def _brief(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
