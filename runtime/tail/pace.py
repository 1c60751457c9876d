"""How many lines one put may have, as the steps behind a source may make much of each."""

MOST = 1 << 16
"""Lines of a put at most: a journal takes 64 MiB at once, and so 1 KiB of each event."""


class Pace:
    """Of one source: fewer lines after a put that was refused, more again as puts are stored."""

    def __init__(self) -> None:
        self.lines = MOST

    def stored(self) -> None:
        """Note that a put was stored."""
        self.lines = min(MOST, 2 * self.lines)

    def refused(self) -> None:
        """Note that a put was refused, for its size, it may be: half of it is tried next."""
        self.lines = max(1, self.lines // 2)

    def end_of(self, data: bytearray, length: int) -> int:
        """Return how many of the first `length` bytes have about so many lines: all, or less."""
        found = data.count(b"\n", 0, length)
        if found <= self.lines:
            return length
        near = data.rfind(b"\n", 0, length * self.lines // found) + 1
        return near or data.find(b"\n") + 1
