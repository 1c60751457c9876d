"""How many bytes of events a channel holds, as its source counts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flumec.compiler.bind.properties import complete
from flumec.compiler.lying import is_on_disk, journal_of
from flumec.compiler.model import Agent, Component, Fleet, Host
from flumec.compiler.values import varies
from flumec.runtime.quantity import Size


@dataclass(frozen=True, slots=True)
class Room:
    """What a channel holds: `disk` bytes as they are stored, `memory` bytes as they came.

    In a byte on disk lie `ratio` bytes of events.
    """

    disk: Size
    memory: Size
    ratio: float
    events: int | None
    """Beside the bytes, how many events; how large one is, no file says."""
    when_full: str

    @property
    def bytes(self) -> float:
        """How many bytes of events it holds."""
        return self.disk * self.ratio + self.memory

    @property
    def text(self) -> str:
        """How large it is, as the file says it: `40GiB`, `64MiB and 1GiB`."""
        sizes = [str(size) for size in (self.memory, self.disk) if size]
        shrunk = (
            f", {self.ratio:g} times as much in events," if self.disk and self.ratio != 1 else ""
        )
        return " and ".join(sizes) + shrunk

    def text_of(self, *, on_disk: bool) -> str:
        """Return how much of it lies in memory, or in all."""
        return self.text if on_disk or not self.memory else str(self.memory)


class Rooms:
    """The channels of a fleet; those of hosts that are alike are read once."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._known: dict[tuple[str, str, str], Room | None] = {}
        self._differing: dict[tuple[str, str], bool] = {}

    def of(self, agent: str, channel: str, host: Host) -> Room | None:
        """Return what a channel holds on a host; None where a mistake in it was reported."""
        if (agent, channel) not in self._differing:
            values = self._fleet.agents[agent].components[channel].values.values()
            self._differing[agent, channel] = any(varies(held.value) for held in values)
        key = agent, channel, host.name if self._differing[agent, channel] else ""
        if key not in self._known:
            component = self._fleet.agents[agent].components[channel]
            self._known[key] = room_of(self._fleet.agents[agent], component, host)
        return self._known[key]


def room_of(agent: Agent, channel: Component, host: Host) -> Room | None:
    """Return what a channel holds on a host; None where a mistake in it was reported."""
    if channel.declaration is None:
        return None
    full = complete(channel.declaration, channel.values, host)
    if full is None or not isinstance(full.get("size"), Size):
        return None
    on_disk = is_on_disk(channel)
    memory = full.get("memory") or Size(0)
    return Room(
        disk=full["size"] if on_disk else Size(0),
        memory=memory if on_disk else full["size"],
        ratio=ratio_of(agent, channel.name) if on_disk else 1.0,
        events=full.get("events"),
        when_full=str(full.get("when_full", "block")),
    )


def size_of(full: Mapping[str, Any]) -> Size:
    """Return what a channel holds on disk and in memory, as the file writes it if that is one."""
    size: Size = full["size"]
    return Size(size + full["memory"]) if full.get("memory") else size


def ratio_of(agent: Agent, channel: str) -> float:
    """Return how many bytes of events lie in a byte of the journal that a channel lies in."""
    journal = agent.journals.get(journal_of(agent, channel) or "")
    held = None if journal is None else journal.values.get("ratio")
    return 1.0 if held is None else float(held.value)
