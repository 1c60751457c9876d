"""The fleets that are killed: each with its agents, its streams of lines, and its points."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults import feed, linked
from faults.feed_points import FEED
from faults.outage import Outage
from faults.points import LINKED, Point
from faults.streams import Stream
from faults.striking import Hand
from flumec.runtime import Agent
from flumec.runtime.journal import journal

Build = Callable[[Path, int], Agent]


@dataclass(frozen=True)
class Fleet:
    """Some agents on one machine, with free ports for each."""

    name: str
    agents: dict[str, Build]
    points: Sequence[Point]
    streams: Callable[[Path, int, int], list[Stream]]
    """Takes the folder, the port and the seed."""
    outages: Callable[[Path], dict[str, Outage]] = lambda _: {}
    """What can be away while an agent works, by the agent's role."""


FLEETS = {
    fleet.name: fleet
    for fleet in (
        Fleet("linked", linked.AGENTS, LINKED, linked.streams),
        Fleet("feed", feed.AGENTS, FEED, feed.streams, feed.outages),
    )
}
POINTS = [point for fleet in FLEETS.values() for point in fleet.points]
KINDS = tuple(dict.fromkeys(point.kind for point in POINTS))


def run(fleet: str, folder: str, port: str, role: str) -> None:
    """Be one of the agents; where it is killed, stands in the environment as FLUMEC_FAULT."""
    journal.SEGMENT_SIZE = 256 << 10  # small, so that segments come and go
    if order := os.environ.get("FLUMEC_FAULT"):
        Hand(order).install()
    agent = FLEETS[fleet].agents[role](Path(folder), int(port))
    agent.run(["--state", f"{folder}/state/{role}", "--log", "info"])
