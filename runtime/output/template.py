"""Path templates, `%Y/%m/%d/%{host}`: read and checked without an event at hand.

The paths themselves are made by `buckets`, a batch at a time; this module imports no Arrow, so that
the compiler can check a template when it reads a .flow file.

A template's times are in one time zone, by the zone's own rules (summer time too), and may be
rounded down first: to the last multiple of ten minutes of the zone's day, say.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple, Self

from flumec.runtime.frozen import frozen

_TOKEN = re.compile(
    r"%(?:\{(?P<header>[^{}]*)\}|(?P<letter>.)|(?P<end>$))|(?P<text>[^%]+)", re.DOTALL
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3_600, 86_400
_FINEST_OFFSET = 30
"""Seconds of which every zone's distance from UTC is a multiple, since 1970."""

OURS = ".flumec"
"""The folder under a sink's directory that holds what is not published yet."""


class TemplateError(ValueError):
    """A text is no path template; the message says which part and what may stand there."""


_LETTERS: dict[str, tuple[int, Callable[[datetime], str]]] = {
    "Y": (_DAY, lambda t: f"{t.year:04d}"),
    "y": (_DAY, lambda t: f"{t.year % 100:02d}"),
    "m": (_DAY, lambda t: f"{t.month:02d}"),
    "n": (_DAY, lambda t: f"{t.month}"),
    "d": (_DAY, lambda t: f"{t.day:02d}"),
    "e": (_DAY, lambda t: f"{t.day}"),
    "j": (_DAY, lambda t: f"{t.timetuple().tm_yday:03d}"),
    "a": (_DAY, lambda t: _DAYS[t.weekday()][:3]),
    "A": (_DAY, lambda t: _DAYS[t.weekday()]),
    "b": (_DAY, lambda t: _MONTHS[t.month - 1][:3]),
    "B": (_DAY, lambda t: _MONTHS[t.month - 1]),
    "H": (_HOUR, lambda t: f"{t.hour:02d}"),
    "k": (_HOUR, lambda t: f"{t.hour}"),
    "I": (_HOUR, lambda t: f"{(t.hour + 11) % 12 + 1:02d}"),
    "l": (_HOUR, lambda t: f"{(t.hour + 11) % 12 + 1}"),
    "p": (_HOUR, lambda t: "AM" if t.hour < 12 else "PM"),
    "M": (_MINUTE, lambda t: f"{t.minute:02d}"),
    "S": (_SECOND, lambda t: f"{t.second:02d}"),
    "s": (_SECOND, lambda t: f"{int(t.timestamp())}"),
}


class PathRule(NamedTuple):
    """What a row's path follows from: a template, its time zone, what times are rounded to (s)."""

    text: str
    zone: str = "UTC"
    round: int = 0


@frozen
class Text:
    """A part of a template that is the same for all events."""

    value: str


@frozen
class Header:
    """A part of a template that is an event's header."""

    name: str


@frozen
class Time:
    """A part of a template that is an event's time, the same for a span of `unit` seconds."""

    letter: str

    @property
    def unit(self) -> int:
        """The seconds in which its text does not change."""
        return _LETTERS[self.letter][0]

    def render(self, moment: datetime) -> str:
        """Return the text for a moment; names are English whatever the locale."""
        return _LETTERS[self.letter][1](moment)


Part = Text | Header | Time


@frozen
class Template:
    """A path under a sink's directory, in parts; no parts for the directory itself."""

    text: str
    parts: tuple[Part, ...]
    zone: str = "UTC"
    round: int = 0

    @classmethod
    def parse(cls, text: str, zone: str = "UTC", round: int = 0) -> Self:  # noqa: A002 the language's word
        """Read a template; raise TemplateError.

        >>> Template.parse("%Y/%{host}").headers
        ('host',)
        """
        parts = tuple(_part(match, text) for match in _TOKEN.finditer(text))
        _check_segments(text)
        return cls(text, parts, zone, round)

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers it names, each once, in order."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Header)))

    @property
    def unit(self) -> int | None:
        """The span of seconds that has one path, None where no time stands in it.

        >>> Template.parse("%Y-%m-%d/%H").unit
        3600
        """
        unit = min((part.unit for part in self.parts if isinstance(part, Time)), default=None)
        return unit if unit is None or self.zone == "UTC" else min(unit, _FINEST_OFFSET)

    def clock(self) -> Callable[[int], datetime]:
        """Return what gives a number of seconds since 1970 as the moment that paths show.

        >>> Template.parse("%H:%M", "Europe/Berlin", 600).clock()(1_795_347_899).time()
        datetime.time(12, 40)
        """
        from zoneinfo import ZoneInfo

        zone: tzinfo = UTC if self.zone == "UTC" else ZoneInfo(self.zone)
        if not self.round:
            return lambda seconds: datetime.fromtimestamp(seconds, zone)

        def rounded(seconds: int) -> datetime:
            moment = datetime.fromtimestamp(seconds, zone)
            passed = moment.hour * _HOUR + moment.minute * _MINUTE + moment.second
            minutes, second = divmod(passed - passed % self.round, _MINUTE)
            hour, minute = divmod(minutes, 60)
            return moment.replace(hour=hour, minute=minute, second=second)

        return rounded

    @property
    def constant(self) -> bool:
        """Whether all events have one path."""
        return all(isinstance(part, Text) for part in self.parts)


def _part(match: re.Match[str], text: str) -> Part:
    """Turn a token into a part."""
    if match["text"] is not None:
        return Text(match["text"])
    if match["header"] is not None:
        if not match["header"]:
            raise TemplateError(f"`%{{}}` in `{text}` names no header: write `%{{host}}`, say")
        return Header(match["header"])
    if match["letter"] is None:
        raise TemplateError(f"`{text}` ends in a lone `%`: write `%%` for the sign itself")
    if match["letter"] == "%":
        return Text("%")
    if match["letter"] == "{":
        raise TemplateError(f"`%{{` in `{text}` is not closed: write `%{{host}}`, say")
    if match["letter"] not in _LETTERS:
        raise TemplateError(
            f"`%{match['letter']}` in `{text}` is unknown: there are "
            f"{' '.join('%' + letter for letter in _LETTERS)}, `%{{header}}` and `%%`"
        )
    return Time(match["letter"])


def _check_segments(text: str) -> None:
    """Refuse what would leave the directory, or enter the folder that is ours."""
    segments = text.split("/")
    if "\0" in text:
        raise TemplateError("a path cannot hold the character NUL")
    if text.startswith("/"):
        raise TemplateError(f"`{text}` begins with `/`, but stands below the sink's directory")
    if text and "" in segments:
        raise TemplateError(f"`{text}` has an empty part: `/` stands once, and not at the end")
    for segment in segments:
        if segment.startswith("."):
            raise TemplateError(f"`{text}` has the part `{segment}`: none may begin with a dot")
