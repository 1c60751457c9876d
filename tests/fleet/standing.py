"""The whole fleet, from nothing to agents that run: built, booted, installed, started."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from fleet import web
from fleet.faults import ALL, CORE, WEB
from fleet.hosts.hosts import Hosts
from fleet.staging import Staging

_SMALL_DISK = 512
"""MiB of a collector's /var/lib."""


def _silent(_: str) -> None:
    pass


def _install(hosts: Hosts, staging: Staging, name: str) -> None:
    staging.certify(hosts, name)
    staging.install(hosts, name, "first")


@contextmanager
def standing(label: str, say: Callable[[str], None] = _silent) -> Iterator[tuple[Hosts, Staging]]:
    """Have the fleet run; it is gone afterwards, also when this process is killed."""
    hosts = Hosts(label)
    with tempfile.TemporaryDirectory(prefix="flumec-fleet-") as work:
        staging = Staging(Path(work))
        staging.build()
        say("built two bundles that differ by one change")
        small = dict.fromkeys(CORE, _SMALL_DISK)
        with hosts.session(ALL, small=small, ttl=3600):
            say(f"booted {', '.join(ALL)}")
            for name in WEB:
                web.set_up(hosts, name)
            with ThreadPoolExecutor() as pool:  # links connect once both ends are there
                list(pool.map(lambda name: _install(hosts, staging, name), ALL))
            say("installed and started, from tars, without a network")
            yield hosts, staging
