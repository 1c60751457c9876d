"""What a member of a group finds around it: a sink's surroundings, in which it may be recalled."""

from typing import TYPE_CHECKING, cast

from flumec.runtime import logs
from flumec.runtime.groups.patience import LINK_PATIENCE, PATIENCE
from flumec.runtime.groups.recalled import Recalled
from flumec.runtime.groups.returning import give_back
from flumec.runtime.groups.roster import Roster
from flumec.runtime.groups.standing import Standing
from flumec.runtime.journal.member import Member
from flumec.runtime.messages.groups import GaveBack, RemovedInDoubt
from flumec.runtime.site import Site
from flumec.runtime.surroundings import ConsumerSurroundings
from flumec.runtime.worker import Worker

if TYPE_CHECKING:
    from flumec.runtime.journal import Consumer
    from flumec.runtime.journal.records import Attempt, Chunk, Ranges
    from flumec.runtime.journal.sharing import Sharing

GLANCE = 0.1
"""Seconds of one wait, after which it looks whether it is recalled."""


class MemberSurroundings(ConsumerSurroundings):
    """The context of one sink of a group. Its thread does all that changes what it has."""

    _stopped = "The channel keeps the row, and other members of its group deliver what follows"

    def __init__(self, site: Site, worker: Worker, roster: Roster) -> None:
        super().__init__(site, worker)
        self._roster = roster
        self._member = cast("Member", self.journal.consumer(worker.name))
        self._shows = getattr(worker.part, "commit", "none") == "none"
        sends = self._member.sends
        self._member.surely = sends or (self._shows and roster.in_doubt == "wait")
        patience = LINK_PATIENCE if sends else PATIENCE
        roster.join(Standing(self._member, worker, self.custody, site.clock, patience))

    def fail(self, reason: str) -> None:
        """Say that the component cannot work for now, to its group as well."""
        failing = bool(self._worker.failing)
        super().fail(reason)
        if bool(self._worker.failing) is not failing:
            self._roster.turned(self._worker.name, works=failing)
        if not self._worker.failing:
            self.counters.set("in_doubt_events", 0)

    def wait(self, seconds: float) -> bool:
        """Sleep until `seconds` have passed or the agent stops; return `stopping`.

        Raise Recalled once the member has failed for long, and another one works.
        """
        deadline = self.clock.monotonic() + seconds
        while not self.stopping:
            self.attend()
            left = deadline - self.clock.monotonic()
            if left <= 0:
                return False
            self.clock.wait(self._worker.stop, min(left, GLANCE))
        return True

    def rest(self, seconds: float) -> bool:
        """Sleep before another try, as `wait` does: meanwhile it may be recalled."""
        return self.wait(seconds)

    def attend(self) -> None:
        """Raise Recalled once the member has failed for long, and another one works."""
        if self._roster.is_recalled(self._worker.name):
            raise Recalled

    def give_back(self) -> None:
        """Give the others what this member has surely not published; what may kill them it keeps.

        Called between two lives of its sink.
        """
        suspect = self.custody.suspect
        keep = ((suspect.row, suspect.end),) if suspect is not None and suspect.count else ()
        shown = self.custody.handed if self._shows else self._member.shown
        self._return(keep, shown)
        self._roster.rest(self._worker.name)

    def _return(self, keep: "Ranges", shown: int) -> None:
        found = give_back(
            self._member, resend=self._roster.in_doubt == "resend", shown=shown, keep=keep
        )
        self.counters.add("events_given_back", found.given)
        self.counters.add("events_resent", found.resent)
        self.counters.set("in_doubt_events", found.waiting)
        if found.given or found.waiting:
            why = self._worker.failing
            self.log.warning(
                GaveBack(given=found.given, resent=found.resent, waiting=found.waiting, reason=why)
            )

    def _left(self, consumer: "Consumer") -> "tuple[int, int] | None":
        """Return what of its own a process that was killed may have died of."""
        left = super()._left(consumer)
        return None if left is None else (left[0], cast("Member", consumer).lane.end)

    def _poison(self, chunk: "Chunk", suspect: "Attempt") -> bool:
        """Take a row away that kills its sink; else keep that row, and let others have the rest."""
        taken = super()._poison(chunk, suspect)
        if not taken:
            self._roster.tell()
            self._return(((self._member.cursor.low, chunk.first + 1),), 0)
        return taken


def release_former(sharing: "Sharing", channel: str, *, resend: bool) -> None:
    """Let the others have what members that were taken out of a group had."""
    for member in sharing.members:
        if not member.former:
            continue
        found = give_back(member, resend=resend, shown=member.shown)
        if found.given:
            why = "it is no member any more"
            logs.of(member.name).warning(
                GaveBack(given=found.given, resent=found.resent, waiting=0, reason=why)
            )
        if found.waiting:
            logs.of(channel).error(
                RemovedInDoubt(member=member.name, channel=channel, rows=found.waiting)
            )
