"""A file's text, and places in it."""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

NAMELESS = ""
"""Among the lost names: that of a statement whose very name cannot be read."""


@dataclass(eq=False, slots=True)
class Source:
    """One .flow file: its path as the user gave it, and its text."""

    path: str
    text: str
    lost: frozenset[str] = frozenset()
    """The names in statements that could not be read: who misses one need not say so."""
    _starts: list[int] = field(default_factory=list, repr=False)

    @classmethod
    def read(cls, path: str, content: bytes) -> "Source":
        """Return the source of a file's content.

        What is not UTF-8 stays in it as lone surrogates, which `parse` reports at their place.
        """
        return cls(path, content.decode("utf-8", "surrogateescape"))

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 1-based line and column of a character offset."""
        if not self._starts:
            lines = self.text.split("\n")
            self._starts = list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return the text of a 1-based line without its end."""
        self.position(0)
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r")


class Span(NamedTuple):
    """The characters from `start` to before `end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The 1-based line on which it starts."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The 1-based column at which it starts."""
        return self.source.position(self.start)[1]

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}"
