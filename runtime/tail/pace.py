"""How many lines one put may have, as the steps behind a source may make much of each."""

MOST = 1 << 16
"""Lines of a put at most: a journal takes 64 MiB at once, and so 1 KiB of each event."""

STORED = 256
"""Puts that are stored one after the other before more lines are tried again."""


class Pace:
    """Of one source: half of the lines after a put that was refused, and more again after many that
    were stored. `window` is the bytes in which there is always a line, or a part of a long one.
    """

    def __init__(self, window: int) -> None:
        self.lines = MOST
        self._window = window
        self._stored = 0

    def stored(self) -> None:
        """Note that a put was stored."""
        self._stored += 1
        if self._stored >= STORED:
            self.lines, self._stored = min(MOST, 2 * self.lines), 0

    def refused(self, lines: int) -> None:
        """Note that a put of so many lines was refused, for its size, it may be."""
        self.lines, self._stored = max(1, min(self.lines, lines // 2)), 0

    def end_of(self, data: bytearray, length: int) -> int:
        """Return how many of the first `length` bytes have about so many lines: all, or less."""
        length = min(length, self.lines * self._window)  # of a long line each part is an event
        found = data.count(b"\n", 0, length)
        if found <= self.lines:
            return length
        near = data.rfind(b"\n", 0, length * self.lines // found) + 1
        return near or data.find(b"\n") + 1
