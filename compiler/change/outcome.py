"""All that installing a new build would change, host by host, as data: text and JSON show it."""

from collections.abc import Mapping
from typing import Literal

from flumec.compiler.change.fleet import Fleet
from flumec.compiler.change.held import Held
from flumec.compiler.change.order import Wave, waves
from flumec.compiler.change.orphans import Orphan, orphans
from flumec.compiler.change.strangers import Stranger, strangers
from flumec.compiler.change.wires import Standstill, standstills
from flumec.compiler.change.words import Change, changes
from flumec.runtime.frozen import frozen

Fate = Literal["new", "removed", "changed", "runtime", "rewritten"]
"""What becomes of an agent. `runtime`: the same agent by another version of flumec; `rewritten`:
only comments in its files differ, and nothing is restarted."""

RESTARTED: tuple[Fate, ...] = ("changed", "runtime")
"""Those whose process ends and starts again."""


@frozen
class Alike:
    """An agent on hosts where the same becomes of it."""

    agent: str
    fate: Fate
    changes: tuple[Change, ...]
    hosts: tuple[str, ...]


@frozen
class Outcome:
    """What would change; empty all over where nothing would."""

    old: Fleet
    new: Fleet
    agents: tuple[Alike, ...]
    waves: tuple[Wave, ...]
    """The hosts to be installed, in their order."""
    leaving: tuple[str, ...]
    """Hosts that are in the new build no more: what runs there goes on until somebody ends it."""
    standstills: tuple[Standstill, ...]
    orphans: tuple[Orphan, ...]
    strangers: tuple[Stranger, ...]

    @property
    def older_journals(self) -> tuple[int, int] | None:
        """The newest formats of journals before and after, where the new one reads fewer."""
        before, after = self.old.journal_format, self.new.journal_format
        return (before, after) if before and after and after < before else None

    @property
    def status(self) -> int:
        """The exit status: 1 where something would change."""
        return int(bool(self.agents or self.leaving or self.orphans))

    @property
    def touched(self) -> dict[str, None]:
        """The hosts on which something changes, in the order of the new fleet."""
        hosts = {host for each in self.agents for host in each.hosts}
        return dict.fromkeys(host for host in (*self.new.hosts, *self.leaving) if host in hosts)


def outcome(old: Fleet, new: Fleet, held: Mapping[tuple[str, str, str], Held]) -> Outcome:
    """Compare two fleets."""
    agents = _agents(old, new)
    touched = {host for each in agents for host in each.hosts}
    return Outcome(
        old=old,
        new=new,
        agents=agents,
        waves=tuple(waves(new, old, touched)),
        leaving=tuple(host for host in old.hosts if host not in new.hosts),
        standstills=tuple(standstills(old, new)),
        orphans=tuple(orphans(old, new, held)),
        strangers=tuple(strangers(old, new)),
    )


def _agents(old: Fleet, new: Fleet) -> tuple[Alike, ...]:
    """Return what becomes of which agent, equal ones together, in the order of the new fleet."""
    known: dict[tuple[str, str], tuple[Change, ...]] = {}
    alike: dict[tuple[str, Fate, tuple[Change, ...]], list[str]] = {}
    for host in (*new.hosts, *(host for host in old.hosts if host not in new.hosts)):
        before, after = old.hosts.get(host, {}), new.hosts.get(host, {})
        for agent in (*after, *(name for name in before if name not in after)):
            if agent not in before or agent not in after:
                fate: Fate = "new" if agent in after else "removed"
                alike.setdefault((agent, fate, ()), []).append(host)
                continue
            was, now = pair = before[agent], after[agent]
            if pair not in known:
                known[pair] = tuple(changes(old.agents[was], new.agents[now]))
            found = (*_address(old, new, host), *known[pair])
            if (became := _fate(old, new, found, same=was == now)) is not None:
                alike.setdefault((agent, became, found), []).append(host)
    return tuple(Alike(*key, tuple(hosts)) for key, hosts in alike.items())


def _address(old: Fleet, new: Fleet, host: str) -> tuple[Change, ...]:
    before, after = old.addresses[host], new.addresses[host]
    return (Change("host", "address", before, after),) if before != after else ()


def _fate(old: Fleet, new: Fleet, found: tuple[Change, ...], *, same: bool) -> Fate | None:
    if found or not same:
        return "changed"
    if old.version != new.version:
        return "runtime"
    return "rewritten" if old.digest != new.digest else None
