"""What sinks published in a test, written out for people and their tools to look at."""

import re
from pathlib import Path
from typing import Any

from flumec.compiler.world import World
from flumec.compiler.world.events import published
from flumec.compiler.world.stage import ELSEWHERE, folder_of
from flumec.runtime.sinks.filing import Filing

_LONGEST = 80


def folder_name(number: int, title: str) -> str:
    """Return the name of a test's folder.

    >>> folder_name(3, "while HDFS is away: the other has it")
    '03-while-hdfs-is-away-the-other-has-it'
    """
    return f"{number:02}-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:_LONGEST]


def keep(world: World, folder: Path) -> None:
    """Write each published file below `folder`: host and path, or what it has of HDFS."""
    for machine in world.machines.values():
        for agent in machine.agents.values():
            for part in agent.parts:
                if isinstance(part, Filing):
                    place = folder_of(part)
                    there = _there(folder, machine.name, place)
                    disk: Any = machine.disk_of(place)
                    for path, content in published(disk, str(place)):
                        (there / path).parent.mkdir(parents=True, exist_ok=True)
                        (there / path).write_bytes(content)


def _there(folder: Path, host: str, place: Path) -> Path:
    if place.is_relative_to(ELSEWHERE):
        return folder / place.relative_to(ELSEWHERE)
    return folder / host / place.relative_to("/")
