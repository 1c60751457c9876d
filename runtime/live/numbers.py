"""Numbers as a person reads them in a narrow column."""

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def size(count: float) -> str:
    """Return bytes with three digits at least.

    >>> size(17), size(1536), size(3 * 1024**3)
    ('17B', '1.5KiB', '3.0GiB')
    """
    for unit in _SIZES:
        if count < 1000 or unit == _SIZES[-1]:
            break
        count /= 1024
    return f"{count:.0f}{unit}" if unit == "B" else f"{count:.1f}{unit}"


def age(seconds: float) -> str:
    """Return a time in its two largest units.

    >>> age(4.14), age(75), age(11_530), age(90_061)
    ('4.1s', '1m15s', '3h12m', '1d1h')
    """
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    for large, small, unit, lesser in ((86400, 3600, "d", "h"), (3600, 60, "h", "m")):
        if whole >= large:
            return f"{whole // large}{unit}{whole % large // small}{lesser}"
    return f"{whole // 60}m{whole % 60}s"


def rate(events: float) -> str:
    """Return events a second.

    >>> rate(0), rate(0.31), rate(12_345.6)
    ('0/s', '0.3/s', '12,346/s')
    """
    return f"{events:.1f}/s" if 0 < events < 10 else f"{events:,.0f}/s"
