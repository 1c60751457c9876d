"""Stored frames as they go over a link: whole and byte for byte, or cut where they must be."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flumec.runtime.batch import decode, encode
from flumec.runtime.checksum import crc32
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Ranges, TagRun
from flumec.runtime.links.faults import Unsendable
from flumec.runtime.quantity import Size

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.journal.records import Chunk


@frozen
class Parcel:
    """Rows [first, end) of an epoch with the tags and time of their first put, and the body."""

    epoch: bytes
    first: int
    end: int
    born: int
    tags: tuple[TagRun, ...]
    body: "pa.Buffer"
    crc: int


def parcels(chunk: "Chunk", wanted: Ranges, largest: int) -> Iterator[Parcel]:
    """Yield the `wanted` rows of a chunk in order, in bodies of at most `largest` bytes.

    A whole frame is forwarded as it lies in the journal. Only what has to be cut, because the
    receiver has a part of it or because it is too large, is decoded and encoded again. Raise
    Unsendable for a single row that is too large.
    """
    tags = chunk.tags or (TagRun(chunk.epoch, chunk.first, chunk.rows),)
    surplus = sum(run.count for run in tags) - chunk.rows
    if not chunk.skip and wanted == ((chunk.first, chunk.end),) and chunk.body.size <= largest:
        crc = crc32(chunk.body) if chunk.crc is None else chunk.crc
        kept = cut(tags, surplus, chunk.rows)
        yield Parcel(chunk.epoch, chunk.first, chunk.end, chunk.born, kept, chunk.body, crc)
        return
    batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
    for first, end in wanted:
        for begin, stop, body in _bodies(batch, first - chunk.first, end - chunk.first, largest):
            if body.size > largest:
                raise Unsendable(
                    _too_large(body.size, largest), chunk.first + begin, chunk.first + stop
                )
            yield Parcel(
                chunk.epoch, chunk.first + begin, chunk.first + stop, chunk.born,
                cut(tags, surplus + begin, stop - begin), body, crc32(body),
            )  # fmt: skip


def _bodies(
    batch: "pa.RecordBatch", first: int, end: int, largest: int
) -> "Iterator[tuple[int, int, pa.Buffer]]":
    """Yield rows [first, end) of a batch as (first, end, body), halved until each body fits.

    A single row that does not comes as it is.
    """
    body = encode(batch.slice(first, end - first))
    if body.size <= largest or end - first == 1:
        yield first, end, body
    else:
        middle = (first + end) // 2
        yield from _bodies(batch, first, middle, largest)
        yield from _bodies(batch, middle, end, largest)


def _too_large(size: int, largest: int) -> str:
    return (
        f"an event of {size} bytes does not fit into the receiver's largest frame, "
        f"{Size(largest)}: raise `largest_frame` of the link, or bound events at their source"
    )


def cut(tags: tuple[TagRun, ...], skip: int, count: int) -> tuple[TagRun, ...]:
    """Return the runs for `count` rows after the first `skip`.

    >>> cut((TagRun(b"a", 5, 3), TagRun(b"b", 1, 9)), 2, 3)
    (TagRun(epoch=b'a', row=7, count=1), TagRun(epoch=b'b', row=1, count=2))
    """
    runs = []
    for run in tags:
        taken = min(run.count - skip, count)
        if taken > 0:
            runs.append(TagRun(run.epoch, run.row + skip, taken))
            count -= taken
        skip = max(0, skip - run.count)
    return tuple(runs)
