"""What a sink remembers in its cursor: who it is, where it wrote, and by which template.

A mark in the cursor names a bucket, which means something only under the template that made it
(and its time zone, and its rounding). When a new bundle brings another template while some buckets
are ahead, the old one goes on up to the last mark; so a row that is read again is found where it
was put.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from itertools import chain
from typing import Any, Self

from flumec.runtime.dedup.memory import Memory
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Cursor
from flumec.runtime.output.template import PathRule

_MOST_STARTS = 8
"""Starts, each killed while it took a folder over, of which any may hold it yet."""

_MOST_DIRECTORIES = 16
"""Directories that a sink may come back to and be known there."""


@frozen
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

    starts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each directory the epochs of the starts that may hold its hidden folder, newest last."""

    left: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The same of folders that were not there at a later start: their disk may be mounted again."""

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
        starts, left = (
            {place: tuple(of) for place, of in fields.get(name, {}).items()}
            for name in ("starts", "left")
        )
        return cls(fields["sink"], fields["directory"], templates, memory, starts, left)

    @property
    def stored(self) -> bytes:
        """The bytes to store in a cursor."""
        templates = [(row, *_shortest(rule)) for row, rule in self.templates]
        fields: dict[str, Any] = {
            "sink": self.sink, "directory": self.directory, "templates": templates,
        }  # fmt: skip
        if self.starts:
            fields["starts"] = self.starts
        if self.left:
            fields["left"] = self.left
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

    def announcing(self, directory: str, epoch: str, seen: str | None) -> Self:
        """Return the note of a start that may come to hold a directory's folder, seen with `seen`.

        With None there is no folder: who held one is left, as it may be there again one day.

        >>> note = Note("", "", (), starts={"/a": ("1",)})
        >>> note.announcing("/a", "2", "1").announcing("/b", "2", None).starts
        {'/a': ('1', '2'), '/b': ('2',)}
        >>> gone = note.announcing("/a", "2", None)
        >>> gone.starts, gone.left
        ({'/a': ('2',)}, {'/a': ('1',)})
        >>> again = gone.announcing("/a", "3", "1")
        >>> again.starts, again.left
        ({'/a': ('1', '3')}, {'/a': ('2',)})
        """
        known = [start for start in self.starts.get(directory, ()) if start != epoch]
        left = [start for start in self.left.get(directory, ()) if start != seen]
        if seen is None or len(left) < len(self.left.get(directory, ())):
            left, known = [*left, *known], []
        last = known[1 - _MOST_STARTS :]
        if seen is not None and seen not in last:  # known of another directory, or long ago
            last = [seen, *last[2 - _MOST_STARTS :]]
        now = self._with_starts(directory, (*last, epoch))
        others = {place: of for place, of in self.left.items() if place != directory and of}
        here = {directory: tuple(left[-_MOST_STARTS:])} if left else {}
        return replace(now, left=dict([*others.items(), *here.items()][-_MOST_DIRECTORIES:]))

    def holding(self, directory: str, epoch: str) -> Self:
        """Return the note of a start that holds a directory's folder; nobody before it can."""
        return self._with_starts(directory, (epoch,))

    def known(self, directory: str, *, witness: bool = False) -> tuple[str, ...]:
        """Return the starts that may hold any folder, those of a directory's last.

        With `witness`, something is intended in the folder: one that was left does not know of it.

        >>> note = Note("", "", (), None, {"/a": ("1", "2"), "/b": ("3",)}, {"/a": ("0",)})
        >>> note.known("/a"), note.known("/a", witness=True)
        (('3', '0', '1', '2'), ('3', '1', '2'))
        """
        left = () if witness else self.left.values()
        others = [of for place, of in self.starts.items() if place != directory]
        return (*chain.from_iterable([*others, *left]), *self.starts.get(directory, ()))

    def _with_starts(self, directory: str, starts: tuple[str, ...]) -> Self:
        others = [known for known in self.starts.items() if known[0] != directory]
        return replace(self, starts=dict([*others, (directory, starts)][-_MOST_DIRECTORIES:]))

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
