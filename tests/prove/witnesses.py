"""Lives that showed a weak claim late in its search: each is lived before its fleet is searched.

A line of `witnesses.txt` is a fleet's seed, and what goes wrong in that life besides what sources
are given. Once agents take other steps than they took, a line shows nothing, and the search is what
it is without. `python -m prove --witnesses` writes the lines of the fleets that it plays anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from prove.script import Script, given, parse
from prove.shape import Shape

FILE = Path(__file__).with_name("witnesses.txt")

LATE = 16
"""Lives after which what shows a claim is worth to be remembered."""

_BETWEEN = ", "


def witnesses(shape: Shape, seed: int) -> Iterator[Script]:
    """Yield the lives of a seed's fleet that are known to show a claim."""
    for line in known().get(seed, ()):
        harm = parse(line.replace(_BETWEEN, "\n"))
        yield tuple(sorted((*given(shape, seed), *harm)))


def line_of(shape: Shape, seed: int, script: Script) -> str | None:
    """Return a script as a line; None of one in which sources are given something else."""
    calm = set(given(shape, seed))
    if not calm <= set(script):
        return None
    return _BETWEEN.join(str(action) for action in script if action not in calm)


def write(seeds: Iterable[int], found: Iterable[tuple[int, str]]) -> None:
    """Write the lines that were found of some fleets in place of those that they had."""
    lines = {seed: list(known) for seed, known in known().items() if seed not in set(seeds)}
    for seed, line in found:
        lines.setdefault(seed, []).append(line)
    text = "".join(f"{seed} {line}\n" for seed in sorted(lines) for line in lines[seed])
    FILE.write_text(text)
    known.cache_clear()


@cache
def known() -> Mapping[int, Sequence[str]]:
    """Return the lines by the fleets' seeds, without these."""
    lines = defaultdict[int, list[str]](list)
    for line in FILE.read_text().splitlines():
        seed, _, said = line.partition(" ")
        lines[int(seed)].append(said)
    return lines
