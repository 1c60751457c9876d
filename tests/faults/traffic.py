"""Two logs that grow in bursts, with half lines and rotations; it knows what it wrote."""

import hashlib
import random
from pathlib import Path

SOURCES = ("a", "b")
KINDS = "xyz"
_ROTATE = 0.015


def line_of(source: str, number: int, kind: str) -> bytes:
    """Return a line that no other is like."""
    head = f"{source} {number:08d} kind={kind} "
    return f"{head}{hashlib.sha256(head.encode()).hexdigest()}\n".encode()


class Logs:
    """Writes lines, each unique and with a checksum of its own, and remembers them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.written: list[bytes] = []
        self._folder = folder
        self._chance = random.Random(seed)
        self._numbers = dict.fromkeys(SOURCES, 0)
        self._rotations = dict.fromkeys(SOURCES, 0)
        self._open: dict[str, bytes] = dict.fromkeys(SOURCES, b"")
        """The end of a line of which the beginning stands in the file."""
        folder.mkdir(parents=True, exist_ok=True)

    def burst(self, most: int = 900) -> None:
        """Write some lines to one of the logs; now and then end in the middle of one, or rotate."""
        source = self._chance.choice(SOURCES)
        lines = [self._line(source) for _ in range(self._chance.randint(1, most))]
        text = self._open[source] + b"".join(lines)
        cut = self._chance.randint(1, 60) if self._chance.random() < 0.3 else 0
        self._open[source] = text[len(text) - cut :]
        self._append(source, text[: len(text) - cut])
        if not cut and self._chance.random() < _ROTATE:
            self._rotate(source)

    def hold(self) -> None:
        """Nothing is written by itself."""

    def finish(self) -> None:
        """End the lines that are open."""
        for source, rest in self._open.items():
            self._append(source, rest)
            self._open[source] = b""

    @property
    def finished(self) -> bool:
        """Whether no line is open."""
        return not any(self._open.values())

    def close(self) -> None:
        """Nothing is held."""

    def _line(self, source: str) -> bytes:
        number = self._numbers[source] = self._numbers[source] + 1
        line = line_of(source, number, self._chance.choice(KINDS))
        self.written.append(line)
        return line

    def _append(self, source: str, text: bytes) -> None:
        with (self._folder / f"{source}.log").open("ab", buffering=0) as file:
            file.write(text)

    def _rotate(self, source: str) -> None:
        number = self._rotations[source] = self._rotations[source] + 1
        log = self._folder / f"{source}.log"
        log.rename(self._folder / f"{source}.log.{number:04d}")
