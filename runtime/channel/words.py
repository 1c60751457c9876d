"""Sizes, ages, times and tables as people read them."""

from collections.abc import Sequence
from datetime import UTC, datetime

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_SPANS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s"))


def counted(number: int, noun: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "segment"), counted(2_000, "row")
    ('1 segment', '2,000 rows')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def size(count: int) -> str:
    """Return bytes in the unit that leaves up to four digits.

    >>> size(512), size(1536), size(64 << 20)
    ('512 B', '1.5 KiB', '64.0 MiB')
    """
    value, unit = float(count), 0
    while abs(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def age(seconds: float) -> str:
    """Return a span of time in its two largest units.

    >>> age(0.25), age(75), age(90_000)
    ('0.2s', '1m 15s', '1d 1h')
    """
    for large, name, small, minor in _SPANS:
        if seconds >= large:
            return f"{int(seconds // large)}{name} {int(seconds % large // small)}{minor}"
    return f"{max(0.0, seconds):.1f}s"


def moment(nanoseconds: int) -> str:
    """Return a time of day in UTC, to the nanosecond, as ISO 8601 writes it.

    >>> moment(1_700_000_000_000_000_001)
    '2023-11-14T22:13:20.000000001Z'
    """
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def nanoseconds(text: str) -> int:
    """Read what `moment` wrote; raise ValueError.

    >>> nanoseconds("2023-11-14T22:13:20.000000001Z"), nanoseconds("2023-11-14T22:13:20Z")
    (1700000000000000001, 1700000000000000000)
    """
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))


def rows(first: int, end: int) -> str:
    """Return a range of rows in words.

    >>> rows(3, 4), rows(3, 10), rows(3, 3)
    ('row 3', 'rows 3 to 9 (7 of them)', 'no rows')
    """
    if end <= first:
        return "no rows"
    return (
        f"row {first}" if end == first + 1 else f"rows {first} to {end - 1} ({end - first} of them)"
    )


def table(head: Sequence[str], lines: Sequence[Sequence[str]], sides: str = "") -> list[str]:
    """Return aligned lines; `sides` has a letter for each column, `l` or `r`, left by default.

    >>> table(["name", "n"], [["a", "10"], ["long", "5"]], "lr")
    ['name   n', 'a     10', 'long   5']
    """
    grid = [list(head), *map(list, lines)]
    widths = [max(len(line[column]) for line in grid) for column in range(len(head))]
    shown = []
    for line in grid:
        columns = zip(line, sides.ljust(len(head), "l"), widths, strict=True)
        cells = [cell.rjust(w) if side == "r" else cell.ljust(w) for cell, side, w in columns]
        shown.append("  ".join(cells).rstrip())
    return shown
