"""The one door by which a user's text enters a script: Python literals, comments and docstrings."""

import unicodedata
from collections.abc import Callable, Iterator

# Unicode 3.2 is the same in every Python, so every Python writes the same bytes.
_UNICODE = unicodedata.ucd_3_2_0
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_QUOTES, _OTHERS = '"' * 3, "'" * 3
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))


def literal(value: str | bytes | float | bool | None) -> str:
    r"""Return the Python literal of a plain value, as the formatter would have it.

    >>> print(literal('say "no"'), literal(r"user=(\w+)"), literal("\t"), literal(b"\0"))
    'say "no"' r"user=(\w+)" "\t" b"\x00"
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return "b" + _quoted(value.decode("latin-1"), _byte)
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return _grouped(int(value))
    return _number(float(value))


def visible(char: str) -> bool:
    r"""Return whether a character can stand in a source file as it is.

    >>> visible("ä"), visible("\u202e"), visible("\n")
    (True, False, False)
    """
    return char == " " or _UNICODE.category(char) not in _INVISIBLE


def comment(text: str) -> Iterator[str]:
    r"""Yield `text` as lines of a comment; nothing in it can end the comment.

    >>> list(comment("one\ntwo\rthree"))
    ['# one', '# two', '# three']
    """
    for line in text.splitlines():
        shown = harmless(line).rstrip()
        yield f"# {shown}" if shown else "#"


def harmless(text: str) -> str:
    r"""Return `text` on one line, with escapes for what cannot be seen.

    >>> print(harmless("a\nb\u202e"))
    a\nb\u202e
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if visible(char) else _escape(char) for char in text)


def docstring(text: str) -> str:
    r'''Return the docstring that reads `text`, as a person would quote it.

    >>> print(docstring("a \\ b"))
    r"""a \ b
    """
    '''
    body = "\n".join(harmless(line).rstrip() for line in text.split("\n"))
    raw = "r" if "\\" in body else ""
    return f'{raw}"""{body.replace(_QUOTES, _OTHERS)}\n"""'


def width(text: str) -> int:
    """Return how many columns a line takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _text(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    plain = "\\" in text and '"' not in text and not text.endswith("\\")
    if plain and all(map(visible, text)):
        return f'r"{text}"'
    return _quoted(text, lambda char: char if visible(char) else _escape(char))


def _quoted(text: str, shown: Callable[[str], str]) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = "".join(
        f"\\{char}" if char == quote else _ESCAPES.get(char) or shown(char) for char in text
    )
    return f"{quote}{body}{quote}"


def _byte(char: str) -> str:
    return char if " " <= char <= "~" else f"\\x{ord(char):02x}"


def _escape(char: str) -> str:
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _grouped(number: int) -> str:
    """Return a number as a person writes it: `10_000`, but `4141`."""
    return f"{number:_}" if abs(number) >= 10_000 else str(number)


def _number(number: float) -> str:
    text = repr(number)
    return text if text not in ("inf", "-inf", "nan") else f'float("{text}")'


def _columns(char: str) -> int:
    if _UNICODE.combining(char) or _UNICODE.category(char) in ("Mn", "Me"):
        return 0
    return 2 if _UNICODE.east_asian_width(char) in ("W", "F") else 1
