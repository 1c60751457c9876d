"""What a sink remembers in its cursor: who it is, where it wrote, and by which template.

A mark in the cursor names a bucket, which means something only under the template that made it
(and its time zone, and its rounding). When a new bundle brings another template while some buckets
are ahead, the old one goes on up to the last mark; so a row that is read again is found where it
was put.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from flumec.runtime.dedup.memory import Memory
from flumec.runtime.journal.records import Cursor
from flumec.runtime.output.template import PathRule


@dataclass(frozen=True, slots=True)
class Note:
    """A sink's own memory.

    `sink` is minted once and names the folder of its hidden files, while its journal lives.
    `templates` are (first row, template), ascending: each applies up to the next one's first row.
    """

    sink: str
    directory: str
    templates: tuple[tuple[int, PathRule], ...]
    memory: Memory | None = None
    """Which keys were seen, of a sink with a `dedup`."""

    @classmethod
    def of(cls, cursor: Cursor) -> Self | None:
        """Read a cursor's note; None for a sink that has none yet."""
        if not cursor.note:
            return None
        fields = json.loads(cursor.note)
        templates = tuple(
            (int(row), PathRule(str(text), *more)) for row, text, *more in fields["templates"]
        )
        memory = Memory.of(fields["dedup"]) if "dedup" in fields else None
        return cls(fields["sink"], fields["directory"], templates, memory)

    @property
    def stored(self) -> bytes:
        """The bytes to store in a cursor."""
        templates = [(row, *_shortest(rule)) for row, rule in self.templates]
        fields: dict[str, Any] = {
            "sink": self.sink, "directory": self.directory, "templates": templates,
        }  # fmt: skip
        if self.memory is not None:
            fields["dedup"] = self.memory.fields
        return json.dumps(fields, separators=(",", ":")).encode()

    def moved(self, directory: str, template: PathRule, cursor: Cursor) -> Self:
        """Return the note of a sink declared anew; rows below a mark keep their template."""
        here = replace(self, directory=directory)
        if self.templates[-1][1] == template:
            return here
        if not cursor.ahead:
            return replace(here, templates=((cursor.low, template),))
        switch = max(*cursor.ahead.values(), self.templates[-1][0])
        kept = tuple(entry for entry in self.templates if entry[0] < switch)
        return replace(here, templates=(*kept, (switch, template)))

    def above(self, low: int) -> Self:
        """Return the note without templates that no row from `low` on needs."""
        last = max((i for i, (row, _) in enumerate(self.templates) if row <= low), default=0)
        return replace(self, templates=self.templates[last:]) if last else self

    def spans(self, first: int, end: int) -> Iterator[tuple[PathRule, int, int]]:
        """Yield (template, first, end) for the parts of a row range.

        >>> note = Note("", "", ((0, PathRule("a")), (10, PathRule("b"))))
        >>> [(rule.text, first, end) for rule, first, end in note.spans(5, 20)]
        [('a', 5, 10), ('b', 10, 20)]
        """
        ends = [row for row, _ in self.templates[1:]] + [end]
        for (_, template), until in zip(self.templates, ends, strict=True):
            stop = min(end, until)
            if first < stop:
                yield template, first, stop
                first = stop


def _shortest(rule: PathRule) -> tuple[str | int, ...]:
    """Return a rule without what it would have anyway, so that older versions can read it."""
    return (rule.text,) if rule == PathRule(rule.text) else tuple(rule)
