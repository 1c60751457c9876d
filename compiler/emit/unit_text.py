"""The one door by which a user's text enters a unit: settings, words of settings, and comments."""

import re
from itertools import takewhile
from pathlib import PurePosixPath

from flumec.compiler.emit.literal import harmless, visible
from flumec.compiler.emit.picture import picture
from flumec.compiler.plan import Agent

_PROMISES = 8
"""How many claims stand at the head of a unit."""

_PLAIN = re.compile(r"[A-Za-z0-9/._:@+,=-]+")


def setting(text: str) -> str:
    r"""Return `text` as the value of a setting that takes a line: no specifier, no second line.

    >>> print(setting("100% of it\n[Service]"))
    100%% of it\n[Service]
    """
    return harmless(text).replace("%", "%%").rstrip("\\ ")


def word(text: str) -> str:
    r"""Return a path as one word of a setting that takes several: quoted where it must be.

    Systemd has no escape for control characters here; a path with one becomes its parent.

    >>> print(word("/srv/out"), word('/srv/my "logs" 100%'), word("/srv/a\nb/c"))
    /srv/out "/srv/my \"logs\" 100%%" /srv
    """
    if _PLAIN.fullmatch(text):
        return text
    parts = takewhile(
        lambda part: part == "/" or all(map(visible, part)), PurePosixPath(text).parts
    )
    path = str(PurePosixPath(*parts))
    if path != text:
        return word(path)
    escaped = re.sub(r'(["\\])', r"\\\1", path).replace("%", "%%")
    return f'"{escaped}"'


def bound(text: str) -> str:
    r"""Return a path as one word of BindPaths= and its like, where a colon divides.

    >>> print(bound("/srv/out"), bound("/srv/my logs"), bound("/srv/a:b"))
    /srv/out "/srv/my logs" "/srv/a\:b"
    """
    said = word(text)
    if ":" not in said:
        return said
    escaped = said.removeprefix('"').removesuffix('"').replace(":", r"\:")
    return f'"{escaped}"'


def about(agent: Agent) -> list[str]:
    """Return comments that say what an agent is for, what it does, what is claimed of the events
    that come by, and where it comes from.
    """
    made = f"{agent.file} ({agent.file_digest[:12]})"
    more = len(agent.promises) - _PROMISES
    promised = [each.sentence for each in agent.promises[:_PROMISES]]
    promised += [f"and {more:,} more: README.md has all"] if more > 0 else []
    lines = [*agent.doc.splitlines(), *picture(agent), *promised]
    return [*_comments(lines), *warned(made)]


def warned(file: str) -> list[str]:
    """Return the comment that says what a unit was made from.

    Without that file's digest: what is opened and closed with a unit is not to change with it.
    """
    return _comments([f"Made by flumec from {file}. Change that file, not this one."])


def _comments(lines: list[str]) -> list[str]:
    return [f"# {harmless(line)}".rstrip("\\ ") for line in lines]
