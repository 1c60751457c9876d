"""Who of a group's members may take rows, and who is to give back what it has."""

from threading import Lock

from flumec.runtime import logs
from flumec.runtime.groups.group import Balance, SinkGroup
from flumec.runtime.groups.shares import Shares
from flumec.runtime.groups.standing import Standing
from flumec.runtime.journal.sharing import Sharing
from flumec.runtime.messages.groups import NobodyDelivers, TookOver

QUANTUM = 1 << 20
"""Bytes that one member of a balanced group takes at least, as long as it asks for them."""

LONGEST_TURN = 1.0
"""Seconds after which another may take rows all the same."""


class Roster:
    """One group at work. Asked by its members' threads, in their order of preference."""

    def __init__(self, group: SinkGroup, channel: str, sharing: Sharing) -> None:
        self.in_doubt = group.in_doubt
        self._channel = channel
        self._named = f"{group.kind}({', '.join(member.name for member in group.members)})"
        self._balances = group.kind == "balance"
        self._shares = _shares(group)
        self._sharing = sharing
        self._standings: dict[str, Standing] = {}
        self._lock = Lock()
        self._active = ""
        self._taken, self._turn_began = 0, 0.0
        self._stands = False
        sharing.may_take, sharing.patience = self.may_take, self.patience
        sharing.took = self._took
        sharing.delivered = self.delivered

    def join(self, standing: Standing) -> None:
        """Take a member in, after those that are preferred to it."""
        self._standings[standing.member.name] = standing

    def may_take(self, name: str) -> bool:
        """Say whether a member may take rows that nobody has.

        Where no member is able each may try, as a sink alone would.
        """
        if name not in self._standings:
            return False
        able = self._able()
        return self._is_mine(name, able) if able else True

    def patience(self, name: str) -> float:
        """Return in how many seconds a member that may not take rows might, told of nothing."""
        due = min(standing.turns_in for standing in self._standings.values())
        able, now = self._able(), self._standings[name].clock.monotonic()
        if not self._balances or name not in able:
            return due
        with self._lock:
            if self._shares is None:
                return max(0.0, min(due, self._turn_began + LONGEST_TURN - now))
            return max(0.0, min(due, self._shares.patience(name, able, now, self._waiting)))

    def is_recalled(self, name: str) -> bool:
        """Say whether a member is to give back what it has."""
        able = self._able()
        mine = self._standings[name]
        if not mine.fails_for_long or mine.gave_back_at == mine.member.lane.end:
            return False
        if not mine.member.lane.leases:
            return False
        return any(other != name for other in able)

    def turned(self, name: str, *, works: bool) -> None:
        """Note that a member began to fail, or works again; the others look who is able."""
        if works:
            self._standings[name].works()
        self._sharing.tell()

    def tell(self) -> None:
        """Have the members look again who is able."""
        self._sharing.tell()

    def rest(self, name: str) -> None:
        """Note that a member gave back what it could."""
        self._standings[name].rest()

    def delivered(self, name: str) -> None:
        """Note that a member has delivered something."""
        self._standings[name].delivered()

    def _able(self) -> list[str]:
        """Return who is able; who gets what comes is shown, and aloud that nobody is any more."""
        able = [name for name, standing in self._standings.items() if standing.able]
        active = able if self._balances else able[:1]
        for name, standing in self._standings.items():
            standing.worker.tally.set("group_active", float(name in active))
        self._note_standstill(bool(able))
        return able

    @property
    def _waiting(self) -> frozenset[str]:
        """Who waits for rows."""
        return frozenset(n for n, standing in self._standings.items() if standing.member.asking)

    def _is_mine(self, name: str, able: list[str]) -> bool:
        if not self._balances:
            return name == able[0]
        if name not in able:
            return False
        if self._shares is not None:
            with self._lock:
                now = self._standings[name].clock.monotonic()
                return self._shares.may_take(name, able, now, self._waiting)
        with self._lock:
            active = self._active
            if active == name or active not in able:
                return True
            standing = self._standings[active]
            over = standing.clock.monotonic() - self._turn_began >= LONGEST_TURN
            return over or self._taken >= QUANTUM or not standing.member.asking

    def _took(self, name: str, size: int) -> None:
        """Note who has taken rows: in a failover, that it is another one now."""
        standing = self._standings[name]
        standing.worker.alive()  # it may have waited for long, and the rows be stored as its own
        if self._shares is not None:
            with self._lock:
                self._shares.took(name, size)
            self._sharing.tell()
            return
        with self._lock:
            before, self._active = self._active, name
            if before != name:
                self._taken, self._turn_began = 0, standing.clock.monotonic()
            self._taken += size
            full = self._taken >= QUANTUM
            if full:
                self._active = "" if self._balances else name
        if not self._balances and before not in ("", name):
            standing.worker.tally.add("takeovers")
            why = self._standings[before].why or "the preferred one works again"
            logs.of(name).warning(TookOver(group=self._named, before=before, reason=why))
        if self._balances and (full or before != name):
            self._sharing.tell()

    def _note_standstill(self, works: bool) -> None:
        """Say it aloud, once, when no member works any more."""
        with self._lock:
            if works is not self._stands:
                return
            self._stands = not works
        if works:
            logs.of(self._channel).info("%s delivers again", self._named)
            return
        why = "; ".join(f"`{name}`: {s.why}" for name, s in self._standings.items() if s.why)
        logs.of(self._channel).error(
            NobodyDelivers(group=self._named, channel=self._channel, reasons=why)
        )


def _shares(group: SinkGroup) -> Shares | None:
    """Return by what weights peers take; sinks take in turns, to fill their files."""
    if not isinstance(group, Balance) or any(m.kind != "sender" for m in group.members):
        return None
    names = (member.name for member in group.members)
    return Shares(dict(zip(names, group.weights, strict=True)))
