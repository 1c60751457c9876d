"""What a channel holds, read from its journal's files as `flumec channel export` reads it."""

from collections.abc import Iterator
from pathlib import Path

from flumec.compiler.world.events import Event
from flumec.runtime.agent import Agent
from flumec.runtime.disk import Disk
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal_settings import DEFAULT, Journal
from flumec.runtime.keeping import directory, layout


def lying(agent: Agent, state: Path, channel: str, disk: Disk) -> Iterator[Event]:
    """Yield the events of a channel that were neither delivered nor dropped, whoever reads it."""
    from flumec.runtime.channel.events import events
    from flumec.runtime.channel.export import waiting
    from flumec.runtime.channel.frames import Frames
    from flumec.runtime.journal.damage import Damage
    from flumec.runtime.journal.inspection import inspect

    name = layout(agent).channels[channel]
    try:
        found = inspect(directory(state, agent.journals.get(name, Journal(DEFAULT))), disk)
    except StateError:  # the agent has not begun
        return
    for each in found.state.channels.values():
        if each.name == channel and each.declared:
            for chunk in Frames(found, disk, each.number, each.low, found.state.next_row):
                assert not isinstance(chunk, Damage), "disks of a world do not rot"
                for part in waiting(found, each, chunk):
                    yield from (Event(one.body, one.headers) for one in events(part))
