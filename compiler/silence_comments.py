"""Where the comments of a file are that silence rules, and which line each of them is about."""

import re
from collections.abc import Iterator

from flumec.compiler.source import Source, Span

_COMMENT = re.compile(
    r"""
    "{3}(?s:.*?)"{3}|r"[^"\n]*"|"([^"\\\n]++|\\.)*+"  # where a `#` begins none
    |(?P<all>\#\ flumec:[ \t]*ignore[ \t]*(?P<rules>\[[^\]\n]*\])?[ \t]*(?P<reason>[^\r\n]*))
    |\#[^\n]*""",
    re.VERBOSE,
)


def comments(source: Source) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the comments of a file, each with the line that it is about: the one that it stands
    behind, or the next one that is no such comment itself.
    """
    found = [each for each in _COMMENT.finditer(source.text) if each["all"] is not None]
    wholes = [Span(source, *comment.span("all")) for comment in found]
    about: dict[int, int] = {}
    for whole in reversed(wholes):
        line = whole.line
        about[line] = line if is_behind(whole) else about.get(line + 1, line + 1)
    yield from ((comment, about[whole.line]) for comment, whole in zip(found, wholes, strict=True))


def is_behind(comment: Span) -> bool:
    """Whether something stands before a comment on its line."""
    return bool(before_on_line(comment).strip())


def before_on_line(comment: Span) -> str:
    """Return what stands before a comment on its line."""
    text = comment.source.text
    return text[text.rfind("\n", 0, comment.start) + 1 : comment.start]
