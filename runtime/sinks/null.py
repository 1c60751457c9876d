"""The `null` sink: events are counted and forgotten."""

from typing import TYPE_CHECKING

from flumec.runtime.component import Sink

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext

_LONGEST_READ = 1.0


class Null(Sink, type="null"):
    """Discard all events and count them: a target for measurements and for what nobody wants."""

    def run(self, context: "SinkContext") -> None:
        """Take what the channel has, as delivered, until the agent stops."""
        from flumec.runtime.journal.records import Cursor

        consumer = context.consumer
        stored = consumer.advance(consumer.cursor)
        while not context.stopping:
            chunks = consumer.read(_LONGEST_READ)
            context.idle(not chunks)
            if chunks:
                rows = sum(chunk.rows for chunk in chunks)
                stored = consumer.advance(Cursor(chunks[-1].end, delivered=rows))
        stored.result()
