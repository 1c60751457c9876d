"""Parts of a stored frame: what a consumer has not read of it, and what it may."""

from collections.abc import Iterator
from dataclasses import replace

from flumec.runtime.journal.ranges import without
from flumec.runtime.journal.records import Chunk, Ranges, TagRun


def remaining(chunk: Chunk, position: int, aside: Ranges) -> Iterator[Chunk]:
    """Yield what of a frame is at or above `position` and not set aside."""
    if chunk.first >= position and not aside:
        yield chunk
        return
    for first, end in without(max(chunk.first, position), chunk.end, aside):
        yield part(chunk, first, end)


def part(chunk: Chunk, first: int, end: int) -> Chunk:
    """Return rows `first` to `end` of a chunk.

    A chunk says which rows of its body come before it, never that some come after. So a part that
    ends early gets a body of its own; it is small, or rare.
    """
    skip = chunk.skip + first - chunk.first
    if end == chunk.end:
        return replace(chunk, first=first, rows=end - first, skip=skip)
    from flumec.runtime.batch import decode, encode

    body = encode(decode(chunk.body).slice(skip, end - first))
    tags = None if chunk.tags is None else tuple(cut(chunk.tags, skip, skip + end - first))
    return Chunk(first, end - first, 0, chunk.epoch, chunk.born, tags, body)


def cut(tags: tuple[TagRun, ...], start: int, stop: int) -> Iterator[TagRun]:
    """Yield the tags of a body's rows from `start` up to `stop`.

    >>> list(cut((TagRun(b"e", 5, 3), TagRun(b"f", 0, 9)), 1, 5))
    [TagRun(epoch=b'e', row=6, count=2), TagRun(epoch=b'f', row=0, count=2)]
    """
    at = 0
    for run in tags:
        first, end = max(start - at, 0), min(stop - at, run.count)
        if first < end:
            yield TagRun(run.epoch, run.row + first, end - first)
        at += run.count


def named(chunk: Chunk) -> tuple[TagRun, ...]:
    """Return the tags of a chunk's rows, said in full: they are kept when the rows move."""
    if chunk.tags is None:
        return (TagRun(chunk.epoch, chunk.first, chunk.rows),)
    return tuple(cut(chunk.tags, chunk.skip, chunk.skip + chunk.rows))
