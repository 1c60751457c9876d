"""A loopback address for each host, so that a whole fleet with equal ports fits on one machine."""

from collections.abc import Sequence

LEAST = 71
"""The second byte to begin at: far from the addresses that other programs like to take."""

PER_BYTE = 250
MOST = (256 - LEAST) * PER_BYTE * PER_BYTE


def loopback_addresses(hosts: Sequence[str]) -> dict[str, str]:
    """Return an address of 127/8 for each name, by its place in the sequence.

    >>> loopback_addresses(["web-1", "web-2"])
    {'web-1': '127.71.0.1', 'web-2': '127.71.0.2'}
    """
    if len(hosts) > MOST:
        raise ValueError(f"{len(hosts)} hosts do not fit on one machine; at most {MOST} do")
    return {host: _address(number) for number, host in enumerate(hosts)}


def _address(number: int) -> str:
    rest, last = divmod(number, PER_BYTE)
    second, third = divmod(rest, PER_BYTE)
    return f"127.{LEAST + second}.{third}.{last + 1}"
