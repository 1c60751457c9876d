"""What came, in the words of a report: events, files and how many, each on one line."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from flumec.compiler.world.events import Event, File

MOST_SHOWN = 10
"""Events that a difference shows; more are counted."""

_GOOD_SHOWN = 3
"""Those among them that are as they should be: enough to see what they look like."""

_LONGEST = 100


def events(count: int) -> str:
    """Return a number of events in words.

    >>> events(0), events(1), events(2_000)
    ('no event', '1 event', '2,000 events')
    """
    return counted(count, "event")


def counted(count: int, what: str) -> str:
    """Return a number of things in words.

    >>> counted(0, "file"), counted(2, "copy")
    ('no file', '2 copies')
    """
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"no {what}" if not count else f"{count:,} {what if count == 1 else many}"


def shown(event: Event, asked: Collection[str] = ()) -> str:
    """Return an event on one line: first the headers that were asked about, not cut.

    >>> shown(Event(b"login", {"kind": "a", "user": "ann"}), {"user"})
    '"login"  user = "ann", kind = "a"'
    """
    names = sorted(event.headers, key=lambda name: (name not in asked, name))
    headers = ", ".join(
        f"{name} = {text(event.headers[name], _LONGEST * (4 if name in asked else 1))}"
        for name in names
    )
    return f"{text(event.text)}  {headers}".rstrip()


def text(value: str, longest: int = _LONGEST) -> str:
    r"""Return a text as it stands in a .flow file, cut if it is long, always on one line.

    >>> text('say "a"\n')
    '"say \\"a\\"\\n"'
    """
    cut = value if len(value) <= longest else f"{value[:longest]}…"
    plain = cut.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(map(_visible, plain))}"'


def _visible(character: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if character.isprintable():
        return character
    return named.get(character) or character.encode("unicode_escape").decode()


def pattern(value: Any) -> str:
    """Return a text or a pattern as it stands in a .flow file."""
    return f'r"{value.pattern}"' if isinstance(value, re.Pattern) else text(value)


def listed(came: Sequence[tuple[str, Event]], asked: Collection[str] = ()) -> Iterator[str]:
    """Yield events, each with its sign before it, as many as are shown."""
    chosen = _chosen([sign for sign, _ in came])
    yield from (f"{came[place][0]} {shown(came[place][1], asked)}" for place in chosen)
    yield from _more(len(came) - len(chosen))


def filed(files: Sequence[tuple[str, File]]) -> Iterator[str]:
    """Yield files, each with its sign before it, as many as are shown."""
    chosen = _chosen([sign for sign, _ in files])
    for sign, file in (files[place] for place in chosen):
        yield f"{sign} {file.path}  {events(len(file.events))}, {len(file.content):,} bytes"
    yield from _more(len(files) - len(chosen))


def _chosen(signs: Sequence[str]) -> list[int]:
    """Return the places of what is shown, in order: first of all what should not be there.

    >>> _chosen([" "] * 20 + ["+"])
    [0, 1, 2, 20]
    """
    wrong = [place for place, sign in enumerate(signs) if sign != " "][:MOST_SHOWN]
    good = [place for place, sign in enumerate(signs) if sign == " "]
    return sorted(wrong + good[: min(_GOOD_SHOWN, MOST_SHOWN - len(wrong))])


def _more(count: int) -> Iterator[str]:
    if count:
        yield f"  and {count:,} more"
