"""Times, sizes and rates as a person writes them: `29m49s`, `274GiB`, `24MB/s`."""

from itertools import pairwise
from math import ceil, floor

AT_PEAK = "counted at `peak`, as outages are"
"""What is said where figures are not those of `rate`."""

_DAY = 86_400
_PARTS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def time(seconds: float) -> str:
    """Return a time in two units, cut and never rounded up: who waits has no second more.

    >>> time(3937), time(1789.57), time(47.4), time(0.25), time(100 * 3600)
    ('1h05m', '29m49s', '47s', '250ms', '4d04h')
    """
    if seconds < 1:
        return f"{floor(seconds * 1000)}ms"
    for (unit, size), (below, part) in pairwise(_PARTS):
        if seconds >= size:
            rest = floor(seconds % size / part)
            return f"{floor(seconds / size)}{unit}{rest:02d}{below}"
    return f"{floor(seconds)}s"


def needed_time(seconds: float) -> str:
    """Return a time that is surely enough, in one unit; whole days as days.

    >>> needed_time(10_463), needed_time(200), needed_time(3600), needed_time(259_200)
    ('3h', '4m', '1h', '3d')
    """
    if seconds > _DAY and seconds % _DAY == 0:
        return f"{seconds / _DAY:.0f}d"
    unit, size = next(
        (u, s) for u, s in (("h", 3600), ("m", 60), ("s", 1)) if seconds >= s or s == 1
    )
    return f"{ceil(seconds / size)}{unit}"


def amount(size: float) -> str:
    """Return an amount that is surely enough, in decimal units, as disks are sold.

    >>> amount(20_925_900_000), amount(1_500), amount(2.5e9)
    ('21GB', '1.5kB', '2.5GB')
    """
    return _decimal(size, up=True)


def needed_size(size: float) -> str:
    """Return a size of a channel that is surely enough.

    >>> needed_size(294_060_395_314), needed_size(2**30 + 1), needed_size(5_000_000)
    ('274GiB', '1.1GiB', '5MiB')
    """
    for unit, factor in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20)):
        if size >= factor or unit == "MiB":
            steps = 10 if factor <= size < 10 * factor and unit != "MiB" else 1
            return f"{ceil(size / factor * steps) / steps:g}{unit}"
    raise AssertionError(size)


def rate(per_second: float) -> str:
    """Return a rate with three digits.

    >>> rate(24e6), rate(2_400_000), rate(4e6 / 3)
    ('24MB/s', '2.4MB/s', '1.33MB/s')
    """
    return f"{_decimal(per_second, up=False)}/s"


def needed_rate(per_second: float) -> str:
    """Return a rate that is surely enough.

    >>> needed_rate(3e6), needed_rate(72_000_001), needed_rate(1.21e6)
    ('3MB/s', '73MB/s', '1.3MB/s')
    """
    return f"{_decimal(per_second, up=True)}/s"


def _decimal(value: float, *, up: bool) -> str:
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= factor:
            scaled = value / factor
            if not up:
                return f"{scaled:.3g}{unit}" if scaled < 100 else f"{round(scaled)}{unit}"
            return f"{ceil(scaled * 10) / 10 if scaled < 10 else ceil(scaled):g}{unit}"
    return f"{ceil(value) if up else round(value)}B"
