"""Which rows of a chunk a sink of files has not published, and which it may have."""

from collections.abc import Sequence

from flumec.runtime.batch import decode
from flumec.runtime.journal.records import Chunk, Cursor, Intent
from flumec.runtime.output.buckets import Buckets
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.note import Note
from flumec.runtime.output.template import PathRule, Template


class Undone:
    """Judges rows by a cursor's marks and by open intents, as the sink itself would."""

    def __init__(self, cursor: Cursor, intents: Sequence[Intent]) -> None:
        self._note = Note.of(cursor) if cursor.ahead or intents else None
        self._ledger = Ledger(cursor)
        self._outputs = [output for intent in intents for output in intent.outputs]
        self._buckets: dict[PathRule, Buckets] = {}
        self.top = max(
            [cursor.low, *cursor.ahead.values(), *(output.end for output in self._outputs)]
        )
        """Of what comes from this row on nothing is published, and nothing intended."""

    def rows(self, chunk: Chunk) -> tuple[list[int], list[int]]:
        """Return the rows that are surely not published, and those that may be, each ascending."""
        if self._note is None:
            return list(range(chunk.first, chunk.end)), []
        batch = decode(chunk.body)
        free: list[int] = []
        doubtful: list[int] = []
        for rule, first, end in self._note.spans(chunk.first, chunk.end):
            rows = batch.slice(chunk.skip + first - chunk.first, end - first)
            if rule not in self._buckets:
                self._buckets[rule] = Buckets(Template.parse(*rule))
            split = self._buckets[rule].split(rows, chunk.born, rows)
            for bucket, begin, stop in split.runs:
                mark = self._ledger.mark(bucket)
                spans = [(o.first, o.end) for o in self._outputs if o.bucket == bucket]
                for place in split.places[begin:stop]:
                    row = first + place
                    if row >= mark:
                        intended = any(start <= row < until for start, until in spans)
                        (doubtful if intended else free).append(row)
        return sorted(free), sorted(doubtful)
