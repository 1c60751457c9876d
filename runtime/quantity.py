"""Numbers that carry their unit: sizes, durations, rates and percentages."""

import re
from collections.abc import Mapping
from math import inf
from typing import ClassVar, Self

_SIZE_UNITS = {
    "B": 1,
    "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_DURATION_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
SPELLED = {
    word: unit
    for unit, words in {
        "s": "sec secs second seconds",
        "m": "min mins minute minutes",
        "h": "hr hrs hour hours",
        "d": "day days",
    }.items()
    for word in words.split()
}
"""Units as people write them, and as they are written here."""

_NUMBER = r"-?\d[\d_]*(?:\.\d+)?"
_PAIR = re.compile(rf"({_NUMBER})([A-Za-z]+)")


UNITS = frozenset(_SIZE_UNITS | _DURATION_UNITS)
"""Of sizes and durations; a rate's is one of these for a time."""


class QuantityError(ValueError):
    """A text is no quantity of the wanted kind; the message names the unit probably meant."""


def _meant(unit: str, units: Mapping[str, object]) -> str:
    """Return `MB or MiB` for `mb`: the units that differ from it only by case or the binary i."""
    if (spelled := SPELLED.get(unit.lower())) in units:
        return str(spelled)
    folded = unit.lower().replace("i", "")
    near = [u for u in units if u.lower().replace("i", "") in (folded, folded + "b") and u != "KB"]
    return " or ".join(near) if near else ", ".join(units)


def _pairs(text: str, units: Mapping[str, float], kind: str) -> list[tuple[float, str]]:
    """Split `1h30m` into its numbers and units."""
    position, pairs = 0, []
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            raise QuantityError(
                f"`{text}` is no {kind}: a number and a unit, one of {', '.join(units)}"
            )
        number, unit = match.groups()
        if unit not in units:
            raise QuantityError(f"unknown unit `{unit}`: {_meant(unit, units)}?")
        value = float(number.replace("_", ""))
        if value in (inf, -inf):
            raise QuantityError(f"a {kind} of {len(number)} digits is too much")
        pairs.append((value, unit))
        position = match.end()
    if not pairs:
        raise QuantityError(f"an empty text is no {kind}")
    return pairs


def _shortest(value: float, units: Mapping[str, float], parts: int = 1) -> str:
    """Print `value` in the largest unit in which it, or `parts` times it, is whole.

    >>> _shortest(90, {"s": 1, "m": 60}), _shortest(90, {"s": 1, "m": 60}, parts=10)
    ('90s', '1.5m')
    """
    for unit, factor in sorted(units.items(), key=lambda item: -item[1]):
        if abs(value) >= factor and parts * value % factor == 0:
            return f"{value / factor:.15g}{unit}"
    smallest = min(units, key=lambda unit: units[unit])
    return f"{round(value / units[smallest])}{smallest}"


class Size(int):
    """A number of bytes: `Size("64MiB")`. Decimal and binary units are different units.

    >>> Size("64MiB") == 64 * 1024 * 1024, str(Size(10_000_000)), str(Size(12_800 * 2**20))
    (True, '10MB', '12.5GiB')
    """

    kind: ClassVar = "size"
    text: str

    def __new__(cls, value: str | int) -> Self:
        """Parse a text, or take a number of bytes; raise QuantityError."""
        if isinstance(value, str):
            pairs = _pairs(value, _SIZE_UNITS, cls.kind)
            if len(pairs) != 1:
                raise QuantityError(f"`{value}` is no size: one number and one unit")
            self = super().__new__(cls, round(pairs[0][0] * _SIZE_UNITS[pairs[0][1]]))
            self.text = value
        else:
            self = super().__new__(cls, value)
            self.text = _shortest(value, {u: f for u, f in _SIZE_UNITS.items() if u != "KB"}, 10)
        return self

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f'Size("{self.text}")'


class Duration(float):
    """A span of time in seconds: `Duration("250ms")`, `Duration("1h30m")`.

    >>> Duration("1h30m") + 0, str(Duration(0.25)), repr(Duration("5m"))
    (5400.0, '250ms', 'Duration("5m")')
    """

    kind: ClassVar = "duration"
    text: str

    def __new__(cls, value: str | float) -> Self:
        """Parse a text, or take a number of seconds; raise QuantityError."""
        if isinstance(value, str):
            pairs = _pairs(value, _DURATION_UNITS, cls.kind)
            self = super().__new__(cls, sum(n * _DURATION_UNITS[u] for n, u in pairs))
            self.text = value
        else:
            self = super().__new__(cls, value)
            micros = {u: round(f * 1e6) for u, f in _DURATION_UNITS.items()}
            self.text = _shortest(round(value * 1e6), micros) if value else "0s"
        return self

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f'Duration("{self.text}")'


class Rate(float):
    """Something per second: `Rate("200KB/s")` in bytes, `Rate("5_000/s")` in events.

    >>> Rate("200KB/s") + 0, Rate("5_000/s").of_bytes
    (200000.0, False)
    """

    kind: ClassVar = "rate"
    text: str
    of_bytes: bool

    def __new__(cls, value: str) -> Self:
        """Parse a text; raise QuantityError."""
        amount, slash, per = value.partition("/")
        if slash != "/" or per not in _DURATION_UNITS:
            raise QuantityError(f"`{value}` is no rate: something like `200KB/s` or `5_000/s`")
        plain = re.fullmatch(_NUMBER, amount) is not None
        total = float(amount.replace("_", "")) if plain else float(Size(amount))
        self = super().__new__(cls, total / _DURATION_UNITS[per])
        self.text, self.of_bytes = value, not plain
        return self

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f'Rate("{self.text}")'


class Percent(float):
    """A share: `Percent("90%")` is 0.9.

    >>> Percent("90%") + 0
    0.9
    """

    kind: ClassVar = "percent"
    text: str

    def __new__(cls, value: str) -> Self:
        """Parse a text; raise QuantityError."""
        if re.fullmatch(_NUMBER + "%", value) is None:
            raise QuantityError(f"`{value}` is no percentage: a number and `%`")
        self = super().__new__(cls, float(value[:-1].replace("_", "")) / 100)
        self.text = value
        return self

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f'Percent("{self.text}")'
