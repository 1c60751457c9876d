"""Which of a machine's addresses a listener takes, and whether two listeners want the same."""

import ipaddress
from functools import cache

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

ALL = "::"
"""What one listens on that is reached by a name: what the name means, only the machine knows."""


def own(address: str) -> str:
    """Return where an agent listens that is not told where, from the address of its host.

    >>> own("192.0.2.7"), own("web-1.example.com")
    ('192.0.2.7', '::')
    """
    return address if _parsed(address) is not None else ALL


def is_all(address: str) -> bool:
    """Return whether an address stands for all that a machine has, of one version or of both."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_unspecified


@cache
def overlap(one: str, two: str) -> bool:
    """Return whether one port cannot be had at both addresses; of two names nobody can say.

    >>> overlap("0.0.0.0", "192.0.2.7"), overlap("127.0.0.1", "192.0.2.7")
    (True, False)
    >>> overlap("0.0.0.0", "::1"), overlap("::", "192.0.2.7"), overlap("localhost", "127.0.0.1")
    (False, True, True)
    """
    if one == two:
        return True
    mine, theirs = _parsed(one), _parsed(two)
    if mine is not None and mine == theirs:
        return True
    return _takes(mine, theirs) or _takes(theirs, mine)


def _takes(one: _Address | None, other: _Address | None) -> bool:
    """Whether who listens on one address has the other too.

    What listens on all of IPv6 is given the calls to IPv4 too, as Linux has it.
    """
    if one is None or not one.is_unspecified:
        return False
    return one.version == 6 or other is None or other.version == one.version


def _parsed(address: str) -> _Address | None:
    """Return an address; None for a name."""
    try:
        return ipaddress.ip_address("127.0.0.1" if address == "localhost" else address)
    except ValueError:
        return None
