"""Two machines for one feed: clients post through faults of both machines and of the vault.

    python demo.py                     the whole demonstration, about half a minute
    python demo.py --keep DIR          keep bundle, state, store and the clients' records in DIR
    python demo.py --judge DIR         compare what was kept once more

Exits 1 unless every event that was answered 200 by a machine is in the store exactly once.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from flumec.compiler.run.errors import RunError
from scenario import Scenario, verdict_on
from verdict import Verdict


def main() -> int:
    """Read the command line; run or judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long clients post")
    parser.add_argument("--faults", type=int, default=8)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    parser.add_argument("--judge", type=Path, help="only compare what an earlier run kept here")
    given = parser.parse_args()
    if given.judge is not None:
        return show(verdict_on(given.judge))
    work = given.keep or Path(tempfile.mkdtemp(prefix="flumec-pair-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        return demonstrate(work.absolute(), given)
    except RunError as error:
        print(error)
        return 2
    finally:
        if given.keep is None:
            shutil.rmtree(work, ignore_errors=True)


def demonstrate(work: Path, given: argparse.Namespace) -> int:
    """Run clients and faults, and print what came of it."""
    print(f"examples/ha_pair/ha_pair.flow: feed-a, feed-b and the vault; seed {given.seed}")
    scenario = Scenario(work, given.seed, **dict(pair.split("=", 1) for pair in given.set))
    try:
        scenario.fleet.start()
        if not scenario.fleet.wait_ready(60):
            print("the fleet did not come up")
            return 1
        scenario.start_clients()
        for _ in range(given.faults):
            time.sleep(given.seconds / (given.faults + 1))
            strike = scenario.strike()
            print(f"  {strike.seconds:5.1f} s: {strike}")
        time.sleep(given.seconds / (given.faults + 1))
        verdict = scenario.finish(120)
    except BaseException:
        scenario.abandon()
        raise
    duplicates = scenario.last["book@vault-1.example.com"].channels["inbox"]["dropped"]
    print(f"the vault left {duplicates:,} copies out since its last start")
    return show(verdict)


def show(verdict: Verdict) -> int:
    """Print a verdict; return the exit code."""
    for said, count in sorted(verdict.answers.items()):
        print(f"  {said}: {count:,} requests")
    print(
        f"{verdict.made:,} trades made, {verdict.answered:,} answered 200, {verdict.stored:,} "
        f"stored, {verdict.late:,} late ({verdict.late_copies:,} of them stored as well)"
    )
    for example in verdict.examples:
        print(f"  {example}")
    print(f"refused connections {verdict.refused}")
    print(verdict)
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
