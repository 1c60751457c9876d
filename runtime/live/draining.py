"""Draining agents from outside: telling them, saying how far they are, and what holds them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from flumec.runtime.channel.place import holder
from flumec.runtime.clock import Clock
from flumec.runtime.control.client import Refused, Unreachable
from flumec.runtime.disk import RealDisk
from flumec.runtime.draining import MARK
from flumec.runtime.frozen import frozen
from flumec.runtime.live.find import Live, ask, places
from flumec.runtime.live.numbers import age, size
from flumec.runtime.live.pressure import agent_wiring, readers
from flumec.runtime.live.text import troubles
from flumec.runtime.live.units import NotDone, close_doors, end, restart, unit_of
from flumec.runtime.logs import one_line
from flumec.runtime.whereabouts import journals

EVERY = 0.5
"""Seconds between two looks."""

SAY_EVERY = 5.0
"""Seconds between two lines about what did not change."""


class CannotDrain(Exception):  # noqa: N818 it reads as what happened
    """Agents can't be told, or are not the ones that were meant; the message says why."""


@frozen
class Wanted:
    """What is to be done: which agents, for how long it is waited, and whether they end then."""

    state: Sequence[Path]
    names: Sequence[str]
    patience: float
    stop: bool = False


class Drain:
    """One command. `run` yields lines; afterwards `status` is 0 if all is delivered, 1 if not."""

    def __init__(self, wanted: Wanted, clock: Clock) -> None:
        self._wanted, self._clock = wanted, clock
        self._deadline = clock.monotonic() + wanted.patience
        self.status = 0

    def run(self) -> Iterator[str]:
        """Drain agents, those first that send to others of them, until they hold nothing."""
        waiting = chosen(self._look(), self._wanted.names)
        while waiting:
            wave = [a for a in waiting if not _fed_by(a, waiting)] or waiting
            waiting = [agent for agent in waiting if agent not in wave]
            for agent in wave:
                yield from _begin(agent)
            yield from self._wait([agent.name for agent in wave])
            if self.status:
                return

    def _wait(self, names: list[str]) -> Iterator[str]:
        """Say how far these are, until they hold nothing or can't get further."""
        told: dict[str, tuple[float, str]] = {}
        while names:
            fleet = {agent.name: agent for agent in self._look()}
            for name in list(names):
                agent = fleet.get(name)
                if agent is None or agent.state is None:  # it is restarting, or has ended
                    said = f"{name} does not answer" + (f": {agent.trouble}" if agent else "")
                elif is_empty(agent):
                    names.remove(name)
                    yield f"{name} holds nothing"
                    yield from self._end(agent)
                    continue
                else:
                    said = f"{name}: {'; '.join(_left(agent))}"
                now, (since, before) = self._clock.monotonic(), told.get(name, (0.0, ""))
                if said != before and (not before or now - since >= SAY_EVERY):
                    told[name] = now, said
                    yield one_line(said)
                if agent is not None and agent.state is not None and _is_stuck(agent):
                    names.remove(name)
                    self.status = 1
            if names and self._clock.monotonic() >= self._deadline:
                self.status = 1
                yield from self._give_up([fleet[name] for name in names if name in fleet])
                return
            if names:
                self._clock.sleep(EVERY)

    def _end(self, agent: Live) -> Iterator[str]:
        if self._wanted.stop:
            unit = unit_of(agent)
            try:
                end(agent, unit)
            except NotDone as error:
                raise CannotDrain(f"{agent.name} is empty, and does not end: {error}") from None
            after = ", and does not start at boot any more" if unit else ""
            yield f"{agent.name} is ended{after}"

    def _give_up(self, agents: list[Live]) -> Iterator[str]:
        for agent in agents:
            yield one_line(f"{agent.name} still holds rows, and goes on: {'; '.join(_left(agent))}")

    def _look(self) -> list[Live]:
        return ask(places(self._wanted.state))


def cancel(wanted: Wanted) -> Iterator[str]:
    """Let agents take events again: those that are units by a restart, others when they start."""
    for agent in chosen(ask(places(wanted.state)), wanted.names, ended=True):
        if agent.state is None:
            yield _without_mark(agent)
            continue
        try:
            needed = agent.client.post("/drain/cancel")["needs_restart"]
            if not needed:
                yield f"{agent.name} was not being drained"
            elif unit := unit_of(agent):
                restart(unit)
                yield f"{agent.name} takes events again"
            else:
                yield f"{agent.name} takes events again after its next start"
        except (Unreachable, Refused, NotDone) as error:
            raise CannotDrain(f"{agent.name}: {error}") from None


def _without_mark(agent: Live) -> str:
    """Have an agent that has ended be an ordinary one when it starts."""
    disk = RealDisk()
    assert agent.client.state is not None, "only they are there while they have ended"
    try:
        disk.unlink(agent.client.state / MARK)
        disk.sync_directory(agent.client.state)
    except FileNotFoundError:
        return f"{agent.name} was not being drained"
    except OSError as error:
        raise CannotDrain(f"{agent.name}: {error.strerror or error}") from None
    return f"{agent.name} has ended, and takes events again after its next start"


def _has_ended(agent: Live) -> bool:
    """Return whether no process has an agent's journals: then nobody is to be asked."""
    state, disk = agent.client.state, RealDisk()
    return state is not None and all(
        holder(journal, disk) is None for journal in journals(state.absolute(), disk)
    )


def chosen(fleet: Sequence[Live], names: Sequence[str], *, ended: bool = False) -> list[Live]:
    """Return the agents that HOST, AGENT or HOST/AGENT name; raise CannotDrain for one that isn't,
    or does not answer, unless it has `ended` and may have.

    A host may be named by its first label.
    """
    found: dict[str, Live] = {}
    for name in names:
        same = [agent for agent in fleet if name in _names(agent)]
        if not same:
            known = ", ".join(agent.name for agent in fleet)
            raise CannotDrain(f"there is no agent and no host `{name}` here; there are {known}")
        found.update((agent.name, agent) for agent in same)
    for agent in found.values():
        if agent.state is None and not (ended and _has_ended(agent)):
            raise CannotDrain(f"{agent.name} does not answer: {agent.trouble}")
    return list(found.values())


def is_empty(agent: Live) -> bool:
    """Return whether nothing comes in any more and nothing is left."""
    state = agent.state
    assert state is not None
    over = state["draining"] is not None and not state["draining"]["feeding"]
    return over and not any(channel["held"] for channel in state["channels"].values())


def _begin(agent: Live) -> Iterator[str]:
    try:
        agent.client.post("/drain")  # first: from now on no socket of it is opened again
        if (unit := unit_of(agent)) and (sockets := close_doors(unit)):
            yield f"{agent.name}: {', '.join(sockets)} closed"
    except (Unreachable, Refused, NotDone) as error:
        raise CannotDrain(f"{agent.name}: {error}") from None
    yield f"{agent.name} takes nothing more"


def _left(agent: Live) -> Iterator[str]:
    """Yield what each channel still holds, how long that takes, and why it does not move."""
    assert agent.state is not None
    if feeding := (agent.state["draining"] or {}).get("feeding"):
        yield f"{', '.join(feeding)} still ends"
    for name, channel in agent.state["channels"].items():
        if channel["held"]:
            known = readers(agent, name)
            by = f"goes out by {', '.join(known)}" if known else (
                "nobody reads it: `flumec channel export` and `drop` end that"
            )  # fmt: skip
            rate = channel["out"]
            left = f", about {age(channel['held'] / rate)} left" if rate else ""
            held = f"{channel['held']:,} rows, {size(channel['held_bytes'])}"
            yield f"{name} holds {held}{left}; {by}"
    yield from troubles(agent)


def _is_stuck(agent: Live) -> bool:
    """Return whether all that is left is in channels that nobody reads."""
    assert agent.state is not None
    held = [name for name, channel in agent.state["channels"].items() if channel["held"]]
    return bool(held) and not any(readers(agent, name) for name in held)


def _fed_by(agent: Live, others: Sequence[Live]) -> bool:
    """Return whether one of the others sends to the agent."""
    links = set(agent_wiring(agent)["links_in"])
    return any(
        links & set(agent_wiring(other)["links_out"].values())
        for other in others
        if other is not agent
    )


def _names(agent: Live) -> set[str]:
    host, _, name = agent.name.rpartition("/")
    label = host.partition(".")[0]
    return {agent.name, name, host, label, f"{label}/{name}"} - {""}
