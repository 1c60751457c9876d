"""Brace patterns of host names: `web-{01..12}.example.com`, `{a,b}.example.com`."""

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

MOST_HOSTS = 100_000
"""The bound on the hosts of one set: a slip of the finger is not to fill the memory."""

_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])")


class PatternError(ValueError):
    """What is wrong with a pattern, and the part of its text that is to blame."""

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.start, self.end = start, end


class TooManyError(PatternError):
    """A pattern stands for more hosts than a set may have."""


class _Choice(NamedTuple):
    options: Iterable[str]
    size: int


def expand(text: str) -> list[str]:
    """Return the names that a pattern stands for, the last braces fastest; raise PatternError.

    >>> expand("web-{08..10}"), expand("{a,b}{1..2}")
    (['web-08', 'web-09', 'web-10'], ['a1', 'a2', 'b1', 'b2'])
    """
    if "{" not in text and "}" not in text:
        return [text]
    choices, at, count = [], 0, 1
    while at < len(text):
        opening = text.find("{", at)
        fixed = text[at : opening if opening >= 0 else len(text)]
        if "}" in fixed:
            stray = at + fixed.index("}")
            raise PatternError("`}` without `{`", stray, stray + 1)
        choices.append(_Choice((fixed,), 1))
        if opening < 0:
            break
        closing = text.find("}", opening)
        if closing < 0 or "{" in text[opening + 1 : closing]:
            raise PatternError("`{` without `}`", opening, opening + 1)
        choice = _choice(text[opening + 1 : closing], opening, closing + 1)
        choices.append(choice)
        count *= choice.size
        if count > MOST_HOSTS:
            sentence = f"it stands for {count:,} hosts or more, and {MOST_HOSTS:,} is the most"
            raise TooManyError(sentence, opening, closing + 1)
        at = closing + 1
    return ["".join(parts) for parts in itertools.product(*(choice.options for choice in choices))]


def _choice(inside: str, start: int, end: int) -> _Choice:
    """Read what stands between two braces."""
    if found := _RANGE.fullmatch(inside):
        first, last = found.groups()
        if first.isalpha() != last.isalpha():
            raise PatternError(f"`{first}` and `{last}` are no range", start, end)
        return (
            _letters(first, last, start, end)
            if first.isalpha()
            else _numbers(first, last, start, end)
        )
    if ".." in inside:
        raise PatternError(f"`{inside}` is no range: two numbers or two letters", start, end)
    options = [option.strip() for option in inside.split(",")]
    if len(options) < 2 or not all(options):
        raise PatternError(f"`{{{inside}}}` is neither `{{1..9}}` nor `{{a,b}}`", start, end)
    return _Choice(options, len(options))


def _letters(first: str, last: str, start: int, end: int) -> _Choice:
    if first > last:
        raise PatternError(f"`{first}..{last}` runs backwards", start, end)
    letters = [chr(code) for code in range(ord(first), ord(last) + 1)]
    return _Choice(letters, len(letters))


def _numbers(first: str, last: str, start: int, end: int) -> _Choice:
    if len(first) > 12 or len(last) > 12 or first[0] == "-" or last[0] == "-":
        raise PatternError(f"`{first}..{last}` is no range of numbers up to 12 digits", start, end)
    low, high = int(first), int(last)
    if low > high:
        raise PatternError(f"`{first}..{last}` runs backwards", start, end)
    padded = (first[0] == "0" and len(first) > 1) or (last[0] == "0" and len(last) > 1)
    if padded and len(first) != len(last):
        raise PatternError(f"`{first}` and `{last}` are padded to different widths", start, end)
    width = len(first) if padded else 0
    return _Choice((str(n).zfill(width) for n in range(low, high + 1)), high - low + 1)
