"""When a source has to wait, and the channels that are full by then, with the calculation."""

from dataclasses import dataclass

from flumec.compiler.proofs import figures
from flumec.compiler.proofs.fill import Fill, Spot
from flumec.compiler.proofs.peers import Machine


@dataclass(frozen=True, slots=True)
class Tier:
    """A channel on the way back from what is out: how it is filled, and by how many hosts."""

    spot: Spot
    fill: Fill
    senders: int
    receivers: int

    @property
    def time(self) -> float:
        """How long it takes to be full, once what it leads to takes nothing more."""
        return self.fill.full - self.fill.begins

    @property
    def held_back(self) -> str:
        """Return what of its room a sink has already, until it rolls its files; nothing: none."""
        if waits := self.fill.waits:
            return f", less {figures.amount(waits)} that waits there by then,"
        held = self.fill.held
        return f", less {figures.amount(held)} until files are rolled," if held else ""

    @property
    def text(self) -> str:
        """Return the calculation: `collector.spool: 40GiB at 24MB/s (12 hosts into 1) = 29m49s`."""
        (agent, channel), fill = self.spot[0], self.fill
        count = f"{len(fill.rooms)} × " if len(fill.rooms) > 1 else ""
        fan = f" ({self.senders} hosts into {self.receivers})" if self.senders > 1 else ""
        rate, time = figures.rate(fill.rate), figures.time(self.time)
        room = f"{count}{fill.rooms[0].text}{self.held_back}"
        strait = f" ({fill.strait})" if fill.strait else ""
        return f"{agent}.{channel}: {room} at {rate}{fan} = {time}{strait}"


@dataclass(frozen=True, slots=True)
class Held:
    """When a source waits, or a channel on its way loses what comes, on the host where it is first.

    `tiers` are the channels that are full by then, the one before what is out first.
    """

    host: str
    after: float
    tiers: tuple[Tier, ...]
    leak: str = ""
    """What the last tier does then, where it loses events and nobody waits."""
    lost: tuple[Machine, ...] = ()
    """What the first tier waits for, and nothing says until when: no room is enough."""
