"""Rows that the other end will never take: to the link's dead letters, and out of its way."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flumec.runtime.context import SenderContext

_PATIENCE = 0.2


def bury(context: "SenderContext", first: int, end: int, reason: str) -> bool:
    """Put rows [first, end) into the dead letters, in one step with never reading them again.

    Returns after the sync. False where the agent stops, or the rows cannot be read for now: what is
    not buried is as it was, and will be rejected again. The reader stands elsewhere then.
    """
    consumer = context.consumer
    consumer.seek(first)
    while first < end:
        chunks = consumer.read(_PATIENCE)
        if not chunks:
            return False
        for chunk in chunks:
            rows = range(max(first, chunk.first), min(end, chunk.end))
            if rows and not context.letters.send(chunk, rows, reason):
                return False
            first = max(first, chunk.end)
    consumer.advance(consumer.cursor)  # over what is buried, if nothing is before it that counts
    return True
