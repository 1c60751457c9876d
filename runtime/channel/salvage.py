"""Giving up what damage took: exactly these rows, counted, so that the rest can be delivered.

What is sound is counted again, and each channel's balance is brought to it: what a channel still
holds is what can be read of it. The bytes that nobody can read are remembered by their places.
"""

from dataclasses import dataclass, field
from pathlib import Path

from flumec.runtime.channel.holding import done_ahead
from flumec.runtime.disk import Disk
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.examination import Examination, Totals
from flumec.runtime.journal.inspection import Inspection, inspect
from flumec.runtime.journal.packing import Keys
from flumec.runtime.journal.recovery import Recovered
from flumec.runtime.journal.resync import resync
from flumec.runtime.journal.state import ChannelState
from flumec.runtime.journal.walk import segment_path

ASIDE = ".damaged"
"""What is appended to the name of a segment of which nothing can be read; it is kept."""


@dataclass(slots=True)
class Salvage:
    """A recovery that goes over damage; afterwards it says what was given up."""

    keys: Keys = field(default_factory=Keys)
    damage: list[Damage] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)
    """Rows by their channel; under "" those of which that cannot be known."""
    set_aside: list[Path] = field(default_factory=list)

    def __call__(self, directory: Path, disk: Disk, _new_journal: bytes) -> Recovered:
        """Return the state of what is sound; what is on the disk is durable then."""
        found = inspect(directory, disk, self.keys)
        examination = Examination(found, disk)
        self.damage = [*found.damage, *(d for d in examination.run() if isinstance(d, Damage))]
        for each in self.damage:
            self._give_up(found, each)
        for channel in found.state.channels.values():
            self._balance(found, channel, examination.totals, disk)
        if found.newest in found.state.segments:
            resync(segment_path(directory, found.newest), disk)
        unreadable = {each.path for each in self.damage if each.segment not in found.state.segments}
        for path in sorted(unreadable & set(found.strays)):
            aside = path.with_name(path.name + ASIDE)
            disk.rename(path, aside)
            self.set_aside.append(aside)
        disk.sync_directory(directory)
        garbage = [path for path in found.strays if path not in unreadable]
        numbers = [int(path.name[:20]) for path in found.strays]
        last = max([*found.state.segments, *numbers], default=0)
        return Recovered(found.state, garbage=garbage, next_segment=last + 1)

    def _give_up(self, found: Inspection, damage: Damage) -> None:
        """Remember that nobody is to read there."""
        state = found.state
        if not damage.stop:
            state.segments.pop(damage.segment, None)
        elif damage.segment in state.segments:
            state.holes.setdefault(damage.segment, []).append((damage.start, damage.stop))
        unknown = damage.rows and damage.channels is None and damage in found.damage and damage.stop
        if unknown and any(channel.low < damage.end for channel in state.channels.values()):
            state.lost += damage.rows
            self.lost[""] = self.lost.get("", 0) + damage.rows

    def _balance(
        self, found: Inspection, channel: ChannelState, totals: Totals, disk: Disk
    ) -> None:
        """Count as dropped what the channel held and nobody can read."""
        rows, channel.held_bytes = totals.held.get(channel.number, (0, 0))
        # What was copied into a segment of which the snapshot is gone did not move it.
        ends = (known.channels.get(channel.number, 0) for known in found.state.segments.values())
        channel.end = max([channel.end, *ends])
        if channel.spill is not None:  # what was in memory is counted here, with the rest
            channel.spill.clear(stored=rows)
        gone = channel.held - (rows - done_ahead(found, channel, disk))
        if gone > 0:
            channel.dropped += gone
            self.lost[channel.name] = gone
        else:
            channel.put -= gone  # the record of the put is lost, the one of its delivery is not
