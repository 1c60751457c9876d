"""`make prove`: hold what the compiler claims of random fleets against what happens to them."""

import argparse
import math
import sys
import time
from pathlib import Path

from prove import campaign, witnesses
from prove.case import TRIES
from prove.keeping import keep, kept
from prove.shrinking import judged, smaller

KEPT = Path("build/prove")


def main() -> int:
    """Play them, print the table and what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m prove", description=__doc__)
    parser.add_argument("--fleets", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0, help="the first fleet's (default: 0)")
    parser.add_argument("-j", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--tries", type=int, default=TRIES, help="lives by chance before each step")
    parser.add_argument(
        "--shown", type=_numbers, default=(*(math.inf,) * 4, 20), metavar="N,N,N,N,N",
        help="of the first so many as made, widened, harmed, further (default: all), stored (20)",
    )  # fmt: skip
    parser.add_argument(
        "--witnesses", action="store_true", help="search anew, and remember what was found late"
    )
    parser.add_argument("--again", type=Path, metavar="DIR", help="play one that was kept")
    given = parser.parse_args()
    if given.again:
        return _again(given.again)
    began = time.monotonic()
    seeds = range(given.seed, given.seed + given.fleets)
    verdict = campaign.run(seeds, given.j, given.tries, given.shown, _say, anew=given.witnesses)
    if given.witnesses:
        witnesses.write(seeds, verdict.late)
    for case in verdict.wrong[:3]:
        assert case.wrong is not None
        shape, case.wrong = smaller(case.shape, case.wrong)
        _say("\n".join(campaign.told(shape, case)))
        _say(keep(KEPT / str(case.seed), shape, case.wrong))
    _say("")
    for line in verdict.lines():
        _say(line)
    _say(f"{time.monotonic() - began:.0f} s: {'good' if verdict.good else 'BAD'}")
    return 0 if verdict.good else 1


def _again(folder: Path) -> int:
    shape, wrong = kept(folder)
    found = judged(shape, wrong.script, wrong.seed)
    for seen in found.seen if found else ():
        _say(str(seen))
    _say("it fails" if found else "it is well")
    return 1 if found else 0


def _numbers(text: str) -> tuple[int, ...]:
    generated, widened, harmed, further, stored = map(int, text.split(","))
    return generated, widened, harmed, further, stored


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
