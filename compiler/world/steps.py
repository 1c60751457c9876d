"""What happens one step after the other at the places of a world: counted, and waited for.

The same plan, seed and calls have the same steps, so that who has counted them once can have
something happen at each of them in turn, and knows after the last that it was all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Literal, get_args

Place = tuple[str, ...]
"""A machine, and of its directories one: where a disk is changed. Or two machines: their wire."""

Note = Literal["given", "published", "sent", "parted"]
"""What is of note, as a process that ends right then leaves it half done: something came from
outside (who gives it says so); a file got its name, or a sink that commits nothing had events;
something was sent to another host; after one journal another one is written.
"""


class Steps:
    """Of a whole world."""

    def __init__(self) -> None:
        self.counts: Counter[Place] = Counter()
        """How many steps each place has seen."""
        self.notes: dict[Note, defaultdict[Place, list[int]]] = {
            note: defaultdict(list) for note in get_args(Note)
        }
        """How many it had seen each time that something of note had just come about."""
        self._awaited: dict[Place, tuple[int, Callable[[], object]]] = {}
        self._told: Counter[Place] = Counter()
        """How many steps of its disk each machine had seen when it last sent on a wire."""

    def at(self, place: Place, number: int, work: Callable[[], object]) -> None:
        """Do something right before the step that has so many others in front of it from now on.

        What was awaited at that place before is forgotten.
        """
        self._awaited[place] = self.counts[place] + number, work

    def forget(self) -> None:
        """Wait for nothing any more: what was not reached does not happen."""
        self._awaited.clear()

    def take(self, place: Place, *, publishes: bool = False) -> None:
        """Note that a step is about to be taken, and whether it publishes something."""
        awaited = self._awaited.get(place)
        if awaited is not None and awaited[0] == self.counts[place]:
            del self._awaited[place]
            awaited[1]()
        self.counts[place] += 1
        if publishes:
            self.note("published", place)

    def send(self, here: str, there: str) -> None:
        """Note that something is about to be sent from one machine to another.

        On the wire it is of note where the sender's disk was changed since the last time: it may
        tell of what was stored, and without it nobody knows.
        """
        if self._told[here, there] != self.counts[here,]:
            self._told[here, there] = self.counts[here,]
            self.note("sent", (here, there))
        self.take((here, there))
        self.note("sent", (here,))

    def note(self, note: Note, place: Place) -> None:
        """Note that something has come about since the last step, or by it."""
        known = self.notes[note][place]
        if known[-1:] != [self.counts[place]]:
            known.append(self.counts[place])
