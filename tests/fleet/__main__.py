"""`make fleet`: five real hosts under load, and everything that may happen to them.

Prints what was under way at each fault, what a client saw of it, and what was lost or doubled.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Iterator

from fleet import picture
from fleet.campaign import Campaign, Struck
from fleet.faults import Fault, each_kind, everywhere, killed, mixed, powered_off
from fleet.hosts.hosts import Hosts
from fleet.hosts.needs import missing
from fleet.hosts.processes import HostsError
from fleet.staging import Staging
from fleet.standing import standing

_PATIENCE = 60.0


def main() -> int:
    """Bring the fleet up, run the campaign, print the verdict; return the exit code."""
    given = _arguments()
    if reason := missing("nginx", "logrotate"):
        print(f"skipped: {reason}")
        return 0
    began = time.monotonic()
    try:
        with standing(given.label, lambda what: _say(began, what)) as (hosts, staging):
            good = _campaign(hosts, staging, given)
    except HostsError as problem:
        print(f"\nthe fleet could not be tried: {problem}")
        return 2
    print(f"\n{time.monotonic() - began:.0f} s: {'good' if good else 'BAD'}")
    return 0 if good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fleet", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="each kind of fault once")
    parser.add_argument("--rate", type=int, default=500, help="requests a second and web host")
    parser.add_argument("--seconds", type=float, help="for which more is mixed, if any are left")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    parser.add_argument("--label", default="fleet", help="of the hosts")
    return parser.parse_args()


def _campaign(hosts: Hosts, staging: Staging, given: argparse.Namespace) -> bool:
    seconds = given.seconds or (90.0 if given.quick else 700.0)
    print(f"{given.rate} requests a second and web host, seed {given.seed}\n\n{picture.HEADER}")

    def say(struck: Struck) -> None:
        print(picture.line(len(campaign.struck) - 1, struck), flush=True)

    campaign = Campaign(hosts, given.rate, given.seed, say)
    end = time.monotonic() + seconds
    campaign.start()
    campaign.pass_time(3.0)
    campaign.run(_once(hosts, staging, given), _PATIENCE)
    more = mixed(hosts, campaign.rng, 8.0)
    campaign.run(itertools.takewhile(lambda _: time.monotonic() < end, more), _PATIENCE)
    drained = campaign.finish(_PATIENCE)
    lanes = campaign.verdict()
    print("", *picture.picture(campaign), "", *picture.table(lanes), sep="\n")
    print("", *picture.summary(campaign, lanes), sep="\n")
    drifted = staging.drifted(hosts)
    print(*(drifted or ["each host is as its bundle made it"]), sep="\n")
    if not drained:
        print(f"the fleet has not drained within {_PATIENCE:.0f} s")
    good = all(lane.good for lane in lanes) and not campaign.books.wrong
    return good and drained and not drifted and not campaign.refused


def _once(hosts: Hosts, staging: Staging, given: argparse.Namespace) -> Iterator[Fault]:
    """Yield everything that must have happened, one after the other."""
    yield from each_kind(hosts, 8.0) if given.quick else everywhere(hosts, 12.0)
    yield staging.upgraded(hosts)
    yield staging.rolled_back(hosts, "core1")
    yield staging.renewed(hosts)
    if not given.quick:
        yield staging.rolled_back(hosts, "web2")
        yield killed(hosts, "core1")
        yield powered_off(hosts, "web2", 5.0)


def _say(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:5.0f}s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
