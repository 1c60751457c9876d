"""`make faults`: kill two agents under load, hundreds of times; say what was lost or doubled."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from faults.campaign import Campaign
from faults.members import ANYWHERE
from faults.points import POINTS


def main() -> int:
    """Run a campaign, print what was done and the verdict; return the exit code."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=900, help="after which no more are killed")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    given = parser.parse_args()
    print(f"{len(POINTS)} points, seed {given.seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flumec-faults-") as folder:
        campaign = Campaign(Path(folder), given.seed, say=lambda line: print(line, flush=True))
        verdict = campaign.run(given.kills, given.seconds)
    for kind, points in campaign.kinds().items():
        print(f"\n{points.total():4d} {kind}")
        for point, count in sorted(points.items()):
            print(f"     {count:4d} {point}")
    aimed = sum(kill.kind != ANYWHERE for kill in campaign.kills)
    kinds = len({(kill.kind, kill.point, kill.role) for kill in campaign.kills})
    print(
        f"\n{len(campaign.kills)} kills, {aimed} of them at a point, {kinds} kinds; at each "
        f"{min(campaign.in_flight):,} lines or more were under way; "
        f"{time.monotonic() - began:.0f} s"
    )
    for example in verdict.examples:
        print(f"  {example}")
    print(f"{verdict.written:,} lines to arrive, {verdict.arrived:,} arrived: {verdict}")
    return 0 if verdict.good and not verdict.examples and len(campaign.kills) >= given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
