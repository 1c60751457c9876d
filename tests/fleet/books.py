"""The channels' books, kept by somebody else: what one host says it gave, the next one must have.

An agent's own balance adds up by how it is counted, so alone it shows nothing. The fleet's does:
each number is on another host's disk than the one that it is held against, through all that befalls
them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_EXAMPLES = 5

STAGES = (("tailer", "collector"), ("collector", "store"))
"""Which agent gives to which, channel by channel of the same name."""


@dataclass(frozen=True, slots=True)
class Account:
    """A channel of one host's agent, at one moment, in rows since it was made."""

    host: str
    agent: str
    channel: str
    put: int
    delivered: int
    gone: int
    """Dropped, or among the dead letters: no channel of the fleet may do that."""
    held: int

    @property
    def name(self) -> str:
        return f"{self.host}/{self.agent}.{self.channel}"


def account(host: str, agent: str, name: str, counts: Mapping[str, int]) -> Account:
    """Return what an agent's /status says of a channel."""
    gone = counts["dropped"] + counts["dead_lettered"]
    return Account(host, agent, name, counts["put"], counts["delivered"], gone, counts["held"])


@dataclass
class Books:
    """What was wrong at any look. Only what all hosts of a stage answered is compared."""

    hosts: Mapping[str, frozenset[str]]
    """On which each agent runs."""
    exact: frozenset[str]
    """The channels that no row enters twice; others may get more than was given to them."""
    looks: int = 0
    compared: int = 0
    wrong: list[str] = field(default_factory=list)
    _before: dict[str, Account] = field(default_factory=dict)
    """The newest of each that an earlier look had: all of it is older than what is looked at."""

    def look(self, accounts: Iterable[Account]) -> None:
        """Hold what hosts say now against itself, and against what others said before."""
        now = {each.name: each for each in accounts}
        self.looks += 1
        for each in now.values():
            self._alone(each, self._before.get(each.name))
        channels = {each.channel for each in now.values()}
        for giver, taker in STAGES:
            for channel in sorted(channels):
                self._between(giver, taker, channel, now)
        self._before |= now

    def close(self, arrived: Mapping[str, int]) -> None:
        """Hold the last look against what is in the store by each channel, when all has drained."""
        for channel, rows in arrived.items():
            for agent in self.hosts:
                put, delivered = self._sums(agent, channel, self._before)
                if put is None:
                    continue
                self._hold(put == delivered, f"{agent}.{channel}: put {put}, delivered {delivered}")
                if channel in self.exact or agent == STAGES[-1][1]:
                    what = f"{agent}.{channel} delivered {delivered} rows, {rows} are in the store"
                    self._hold(delivered == rows, what)

    def _alone(self, now: Account, before: Account | None) -> None:
        self._hold(now.gone == 0, f"{now.name}: {now.gone} rows dropped or dead letters")
        balanced = now.held >= 0 and now.put == now.delivered + now.gone + now.held
        self._hold(balanced, f"{now.name} does not balance: {now}")
        if before is not None:
            forward = now.put >= before.put and now.delivered >= before.delivered
            self._hold(forward, f"{now.name} counts backwards: {before}, then {now}")

    def _between(self, giver: str, taker: str, channel: str, now: Mapping[str, Account]) -> None:
        """What was given before is there now; what was there before had been put by now."""
        put, _ = self._sums(giver, channel, now)
        _, given = self._sums(giver, channel, self._before)
        taken, _ = self._sums(taker, channel, now)
        had, _ = self._sums(taker, channel, self._before)
        if given is not None and taken is not None:
            what = f"{giver}.{channel} gave {given} rows, {taker}.{channel} has {taken}"
            self._hold(given <= taken, what)
        if put is not None and had is not None and channel in self.exact:
            what = f"{taker}.{channel} had {had} rows of the {put} of {giver}.{channel}"
            self._hold(had <= put, what)

    def _sums(
        self, agent: str, channel: str, known: Mapping[str, Account]
    ) -> tuple[int, int] | tuple[None, None]:
        """Return what all hosts of an agent put and delivered; nothing unless each has answered."""
        found = [a for a in known.values() if (a.agent, a.channel) == (agent, channel)]
        if {each.host for each in found} != self.hosts[agent]:
            return None, None
        sums = Counter(put=0, delivered=0)
        for each in found:
            sums.update(put=each.put, delivered=each.delivered)
        return sums["put"], sums["delivered"]

    def _hold(self, holds: bool, otherwise: str) -> None:
        self.compared += 1
        if not holds and len(self.wrong) < _EXAMPLES:
            self.wrong.append(otherwise)
