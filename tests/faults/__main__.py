"""`make faults`: kill agents under load, hundreds of times; say what was lost or doubled."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from faults.campaign import Campaign
from faults.fleets import FLEETS, POINTS

_SHARES = {"linked": 0.55, "feed": 0.45}
"""Of all kills, and of the time."""

_LEAST = 0.5
"""The share of the kills that must have been when the time was over: a busy machine kills fewer."""


def main() -> int:
    """Run a campaign for each fleet, print what was done and the verdict; return the exit code."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=380, help="after which no more are killed")
    parser.add_argument("--full", action="store_true", help="die at every point, in 1,100 seconds")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    parser.add_argument("--fleet", choices=FLEETS, help="one alone (default: all)")
    given = parser.parse_args()
    print(f"{len(POINTS)} points, seed {given.seed}", flush=True)
    began, good, kills = time.monotonic(), True, 0
    for fleet in FLEETS.values():
        if given.fleet in (None, fleet.name):
            share = 1.0 if given.fleet else _SHARES[fleet.name]
            wanted = round(given.kills * share)
            with tempfile.TemporaryDirectory(prefix="flumec-faults-") as folder:
                campaign = Campaign(fleet, Path(folder), given.seed, say=_say)
                seconds = (1100 if given.full else given.seconds) * share
                if not _one(campaign, wanted, seconds, full=given.full):
                    good = False
                    _show(Path(folder))
            kills += len(campaign.kills)
    good &= kills >= given.kills * _LEAST
    print(f"\n{kills} kills in {time.monotonic() - began:.0f} s: {'good' if good else 'BAD'}")
    return 0 if good else 1


def _one(campaign: Campaign, kills: int, seconds: float, *, full: bool) -> bool:
    """Run one fleet's campaign and print what came of it; return whether all is well.

    Where the time was over before a process died at each point, that is said; of a full run it is
    a fault.
    """
    verdict = campaign.run(kills, seconds, every_point=True)
    print(f"\n{'fault':18} {'runs':>5} {'killed at a point of theirs':>28} {'points':>7}")
    for kind, killed in campaign.kinds().items():
        struck = {kill.point for kill in killed if kill.aimed}
        aimed = sum(kill.aimed for kill in killed)
        print(f"{kind:18} {len(killed):5d} {aimed:28d} {len(struck):7d}")
    for point, count in sorted(campaign.points().items()):
        print(f"     {count:4d} {point}")
    print(
        f"\n{'store':18} {'lines in':>10} {'arrived':>10} {'lost':>6} {'duplicated':>11} reordered"
    )
    for name, one in campaign.verdicts.items():
        print(
            f"{name:18} {one.written:10,} {one.arrived:10,} {one.lost:6,} {one.duplicated:11,} "
            f"{one.reordered:,}"
        )
    for example in verdict.examples:
        print(f"  {example}")
    for point in campaign.never_struck:
        print(f"  the time was over before a process died at: {point}")
    print(
        f"{campaign.fleet.name}: {len(campaign.kills)} kills, at each "
        f"{min(campaign.in_flight):,} lines or more were under way; {verdict}\n"
    )
    missed = full and campaign.never_struck
    return verdict.good and not verdict.examples and not missed


def _show(folder: Path) -> None:
    """Print the last that each agent said, before it goes with the folder."""
    for log in sorted(folder.glob("*.stderr")):
        print(f"{log.stem}:", *log.read_text(errors="replace").splitlines()[-8:], sep="\n  ")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
