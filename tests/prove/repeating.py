"""Whether a life that is lived again is the same: in another process, with other hashes and chance.

    PYTHONPATH=tests python -m prove.repeating --seed 0 --fleets 100

A script that was kept fails again only if it is, and a search of each step needs lives that take
the same steps until something happens to them.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from flumec.compiler.world import World
from prove import simulated
from prove.aiming import aimed, wanted
from prove.claiming import Claimed, claimed
from prove.judging import Record
from prove.script import Script, given, write
from prove.shape import Shape
from prove.stepping import searches, stepped
from prove.widening import make

HASHES = "1", "2"
"""What the order of a set of texts follows from, in the one process and in the other."""

TESTS = str(Path(__file__).parents[1])


def course(shape: Shape, made: Claimed, script: Script, seed: int) -> str:
    """Return a digest of a whole life: what came of it, and each step on the way."""
    told: list[object] = []

    def look(world: World) -> None:
        told.extend((world.scheduler.turns, world.scheduler.now, world.steps.counts, world.said))
        for machine in world.machines.values():
            told.extend((machine.name, machine.disk.log, sorted(machine.disk.files())))

    record = simulated.play(shape, made.plan, script, seed, look)
    told += [record.sent, record.arrived, record.aside, sorted(record.failures), record.steps]
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


def scripts(shape: Shape, made: Claimed, seed: int) -> Iterator[Script]:
    """Yield some scripts of each kind that a fleet is tried with."""
    yield write(shape, seed, simulated.KINDS)
    yield tuple(sorted(given(shape, seed)))
    weaker = [claim for claim in made.all if wanted(claim)]
    if weaker:
        yield aimed(shape, weaker, seed, 1)
    for search in islice(searches(shape, weaker[0], seed) if weaker else (), 1):
        record = Record(
            steps=dict.fromkeys(search.faults, 24), begun=dict.fromkeys(search.faults, 0)
        )
        for numbers in record.notes.values():
            numbers |= {fault: [12] for fault in search.faults}
        yield from islice(stepped(search, record), 2)


def courses(seeds: Iterable[int]) -> Iterator[str]:
    """Yield a line for each life of some fleets: the seed, which script it is, and its digest."""
    for seed in seeds:
        shape = make(seed)
        made = claimed(shape)
        for number, script in enumerate(scripts(shape, made, seed)):
            yield f"{seed} {number} {course(shape, made, script, seed)}"


def differing(seeds: Sequence[int]) -> list[str]:
    """Return the lives, by seed and script, that are not the same in two processes.

    The one goes through the fleets backwards, so that nothing may hang on what was before.
    """
    orders = seeds, seeds[::-1]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "prove.repeating", "--tell", *map(str, order)],
            env={**os.environ, "PYTHONPATH": TESTS, "PYTHONHASHSEED": hashes},
            stdout=subprocess.PIPE, text=True,
        )
        for order, hashes in zip(orders, HASHES, strict=True)
    ]  # fmt: skip
    said = [process.communicate()[0].splitlines() for process in started]
    if any(process.returncode for process in started):
        raise RuntimeError("a process of the two failed")
    one, two = (dict(line.rsplit(maxsplit=1) for line in lines) for lines in said)
    return sorted(life for life in one.keys() | two.keys() if one.get(life) != two.get(life))


def main() -> int:
    """Live all of it twice and say which lives differ; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m prove.repeating", description=__doc__)
    parser.add_argument("--fleets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="the first fleet's (default: 0)")
    parser.add_argument("--tell", type=int, nargs="+", metavar="SEED", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.tell:
        for line in courses(given.tell):
            print(line, flush=True)
        return 0
    found = differing(range(given.seed, given.seed + given.fleets))
    for life in found:
        print(f"fleet {life.replace(' ', ', script ')} is not the same twice")
    print(f"{given.fleets} fleets: {'BAD' if found else 'good'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
