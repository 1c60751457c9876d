"""How the fleet's agents are: each is asked at its control socket, as root on its host would."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.books import Account, account
from fleet.hosts.hosts import Hosts
from flumec.runtime.live.find import Live, NotFound, ask, places

STATE = "var/lib/flumec"


@dataclass(frozen=True, slots=True)
class InFlight:
    """What was under way at an instant."""

    events: int
    """Stored in a channel and not yet delivered, over all agents."""
    unacknowledged: int
    """Of these, sent over a link and not yet acknowledged."""
    silent: tuple[str, ...]
    """Hosts or agents that did not answer, whose events are not counted."""


def agents(hosts: Hosts) -> Iterator[tuple[str, Live]]:
    """Yield each host's agents, as they answered; one that is down answers nothing."""
    for name, host in hosts.known.items():
        if host.init is None or not host.up:
            continue
        try:
            found = places([Path(f"/proc/{host.init.pid}/root/{STATE}")], ())
        except (NotFound, OSError):
            continue
        for live in ask(found):
            yield name, live


def in_flight(hosts: Hosts) -> InFlight:
    """Count what is under way now."""
    events = unacknowledged = 0
    silent = [name for name, host in hosts.known.items() if not host.up]
    for host, live in agents(hosts):
        if live.state is None:
            silent.append(host)
            continue
        for channel in live.state["channels"].values():
            events += channel["held"]
        unacknowledged += sum(map(_unacknowledged, live.state["parts"].values()))
    return InFlight(events, unacknowledged, tuple(silent))


def accounts(hosts: Hosts) -> Iterator[Account]:
    """Yield what the agents that answer have counted of each of their channels."""
    for host, live in agents(hosts):
        if live.state is not None:
            for name, counts in live.state["channels"].items():
                yield account(host, live.state["agent"], name, counts)


def _unacknowledged(part: dict[str, Any]) -> int:
    return int(part["counters"].get("events_unacknowledged", 0))
