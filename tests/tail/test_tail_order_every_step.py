"""A log is rotated once or twice before any look of a start: its lines stay in their order.

It is rotated again a few looks later, or the process ends there, or ended before; what the start
finds is a log that nobody has read yet, one that was read in part, or what rotations made of it
while nobody was there.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, product
from pathlib import Path

import pytest
import thorough
from flumec.runtime.component import Duration, Size

from tests.tail.between import Between
from tests.tail.conftest import Killed, Rig

APART = 4
"""Looks within which the second thing happens after the first."""

_TICK = 10_000_000
"""Nanoseconds between two changes: who comes later has a later time of modification."""


class Log:
    """A log that a program writes and something rotates, and the source that follows it."""

    def __init__(self, folder: Path, rotation: "Rotation") -> None:
        self.rig = Rig(folder)
        (folder / "old").mkdir()
        where = "old/a.log.*" if rotation is to_another_folder else "a.log.*"
        self.rig.declare(batch=Size("4KiB"), rotated=[where], idle=Duration("10s"))
        self.written: list[bytes] = []
        self.rotations = 0
        self._rotation = rotation
        self._time = self.rig.clock.now_ns() - 3600 * 1_000_000_000

    def write(self, lines: int) -> None:
        """Have the log grow, some time after all that was written before."""
        first = len(self.written)
        new = [b"%04d" % (first + n) + b"." * (n % 4 * 300) for n in range(lines)]
        self.written += new
        self.rig.write("a.log", b"".join(line + b"\n" for line in new))
        self._time += _TICK
        os.utime(self.rig.folder / "a.log", ns=(self._time, self._time))

    def rotate(self) -> None:
        """Rotate, and begin a new log."""
        self.rotations += 1
        self._rotation(self)
        self.write(7)

    def die(self) -> None:
        """The process ends."""
        raise Killed

    def rotate_and_die(self) -> None:
        """The process ends, and then the log is rotated."""
        self.rotate()
        raise Killed

    def live(self) -> None:
        """Let the source read all that is there; if it is killed, its successor does."""
        while True:
            try:
                if self.rig.follower is None:
                    self.rig.start()
                self.rig.settle()
            except Killed:
                self.rig.kill()
            else:
                return


Happens = Callable[[Log], None]
Rotation = Callable[[Log], None]
Beginning = Callable[[Log], None]


def under_a_new_number(log: Log) -> None:
    """The last one has the highest number."""
    log.rig.rename("a.log", f"a.log.{log.rotations:04d}")


def shifting(log: Log) -> None:
    """The last one is always number 1: all others get another name as well."""
    for number in range(log.rotations - 1, 0, -1):
        log.rig.rename(f"a.log.{number}", f"a.log.{number + 1}")
    log.rig.rename("a.log", "a.log.1")


def to_another_folder(log: Log) -> None:
    """What is rotated has a folder of its own."""
    log.rig.rename("a.log", f"old/a.log.{log.rotations:04d}")


def never_read(log: Log) -> None:
    """There is a log when the source starts for the first time."""
    log.write(12)


def read_in_part(log: Log) -> None:
    """It was read, and grew while nobody was there."""
    log.write(12)
    log.live()
    log.rig.kill()
    log.write(12)


def rotated_while_away(log: Log) -> None:
    """It was read, and rotated while nobody was there."""
    read_in_part(log)
    log.rotate()


ROTATIONS = (under_a_new_number, shifting, to_another_folder)
BEGINNINGS = (never_read, read_in_part, rotated_while_away)
TWICE = (Log.rotate, Log.rotate)
DYING = ((Log.rotate, Log.rotate_and_die), (Log.rotate_and_die, Log.rotate), (Log.die, Log.rotate))
LIVES = [
    *product(ROTATIONS, BEGINNINGS, [TWICE]),
    *product([shifting], BEGINNINGS, DYING),
]


def _name(value: Happens | tuple[Happens, ...]) -> str:
    return "_".join(one.__name__ for one in (value if isinstance(value, tuple) else (value,)))


def _looks(folder: Path, between: Between, rotation: Rotation, beginning: Beginning) -> int:
    """Return how many looks there are in a start and in reading all that is there."""
    log = Log(folder, rotation)
    beginning(log)
    between.before({})
    log.live()
    log.rig.kill()
    return between.looks


def _places(looks: int) -> Iterator[tuple[int, int]]:
    """Yield two looks, of which the second may be after all others, so that it never comes."""
    for first in range(1, looks + 1):
        yield from ((first, first + apart) for apart in (*range(1, APART + 1), 1_000_000))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("rotation", "beginning", "happens"), LIVES, ids=_name)
def test_lines_come_in_their_order_whenever_it_is_rotated(
    tmp_path: Path,
    between: Between,
    rotation: Rotation,
    beginning: Beginning,
    happens: tuple[Happens, Happens],
) -> None:
    looks = _looks(tmp_path / "whole", between, rotation, beginning)
    assert looks > 20
    wrong = []
    some = thorough.phase((rotation.__name__, beginning.__name__)), None, thorough.step()
    for places in islice(_places(looks), *some):
        log = Log(tmp_path / f"{places}", rotation)
        beginning(log)
        between.before({at: partial(what, log) for at, what in zip(places, happens, strict=True)})
        log.live()
        between.before({})
        log.write(3)
        log.live()
        if log.rig.lines != log.written:
            wrong.append(places)
        log.rig.kill()
    assert wrong == []
