"""A fleet in the simulation: virtual time, steps at which agents die, power that can be cut."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from flumec.compiler.plan import Plan
from flumec.compiler.world import World
from flumec.compiler.world import events as seen
from flumec.compiler.world.machine import Machine
from flumec.compiler.world.posted import CLIENT
from flumec.compiler.world.seen import part_of
from flumec.compiler.world.stage import folder_of
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, Survival
from prove.generator import EVENTS
from prove.harm import dying
from prove.incoming import Incoming
from prove.judging import Record
from prove.resting import Rests
from prove.script import BARE, STEPS, Action, Script, failures, places
from prove.shape import Shape
from prove.slowness import Slowness
from prove.ways import Event, letters, named

KINDS = frozenset({
    "kill", "doom", "power", "fall", "restart", "cut", "mute", "sever", "deaf", "outage", "lapse",
    "rotate", "copy", "repost", "stray", "rest", "slow",
})  # fmt: skip
"""The faults that can happen here."""

SCALE = 4.0
"""Seconds in a unit of a script's time."""

PATIENCE = 1800.0
"""Seconds, of the simulation, after which a fleet that is not at rest counts as stuck."""

MOURNED = 120.0
"""Seconds after which a fleet has done what it can without a host that is lost."""

LAPSE = 8.0
"""Seconds that a target is away which leaves at a step: longer than any group waits for it."""

RESTED = 40.0
"""Seconds that the readers of a channel rest from a step on: longer than all sends take."""

SEVERED = 12.0
"""The same of a peer: longer than any link here is silent before its other end is given up."""

LOOK = 0.3
"""Seconds between two looks at whether something has happened."""


def play(
    shape: Shape, plan: Plan, script: Script, seed: int,
    look: Callable[[World], None] = lambda _: None,
) -> Record:  # fmt: skip
    """Return what came of a script; the same arguments have the same outcome.

    Once all is quiet, `look` is given the world.
    """
    with dying(script), World(plan, seed) as world:
        record = _Play(world, shape).whole(script)
        look(world)
        return record


class _Play:
    def __init__(self, world: World, shape: Shape) -> None:
        self._world, self._shape = world, shape
        self._record = Record()
        self._incoming = Incoming(world, shape, self._record)
        self._stopping = 0
        """How many agents are ending in order, and are started again after that."""
        self._cuts: Counter[tuple[str, str]] = Counter()
        self._rests, self._slowness = Rests(world), Slowness(world)
        self._begun: Counter[tuple[str, ...]] | None = None
        """How many steps each place had seen when the first event came."""

    def whole(self, script: Script) -> Record:
        """Play all of it, and wait until the fleet is at rest."""
        with self._slowness.felt():
            return self._lived(script)

    def _lived(self, script: Script) -> Record:
        self._record.failures |= failures(script)
        for agent in self._shape.agents:
            for source in agent.sources:
                for host in agent.hosts if source.kind == "seq" else ():
                    made = (Event(agent.name, source.name, host, n) for n in range(EVENTS))
                    self._record.sent |= dict.fromkeys(made, True)
        for action in script:
            if action.at * SCALE > self._world.scheduler.now:  # what is at 0 comes before all work
                self._world.advance(action.at * SCALE - self._world.scheduler.now)
            self._do(action)
        lasting = (a.at + a.amount for a in script if a.kind in ("outage", "hold"))
        over = SCALE * max(lasting, default=0.0) - self._world.scheduler.now
        self._world.advance(max(0.0, over) + SCALE / 2)
        for fault in places(self._shape):
            if fault[0] in STEPS:
                place = self._place(*fault)
                self._record.steps[fault] = self._world.steps.counts[place]
                self._record.begun[fault] = self._begun[place] if self._begun else 0
                for note, places_of in self._world.steps.notes.items():
                    self._record.notes[note][fault] = [*places_of[place]]  # more follow in vain
        self._world.steps.forget()
        for machine in self._world.machines.values():
            machine.doom = None  # a step that was never reached
        self._world.until(lambda: not self._stopping, PATIENCE)
        if self._record.gone:
            self._world.advance(MOURNED)
        else:
            self._world.rest(PATIENCE)
        self._finish()
        return self._record

    def _do(self, action: Action) -> None:
        lasts = action.amount * SCALE
        match action.kind, action.who:
            case "send" | "poison" | "bulk", (agent, source, host):
                self._begun = self._begun or self._world.steps.counts.copy()
                self._world.steps.note("given", (host,))
                self._incoming.send(agent, source, host, round(action.amount), action.kind)
            case "repost", (agent, source, host):
                self._incoming.repost(agent, source, host)
            case "kill", (agent, host):
                self._world.kill(agent, host, down=lasts)
            case "doom", (agent, host):
                self._world.machines[host].doom = round(action.amount)
            case "lose", (_, host):
                self._lose(host)
            case "power", (_, host):
                self._world.cut_power(host, _survival(action), down=lasts)
            case "fall", (_, host):
                machine = self._world.machines[host]
                machine.doom = round(action.amount)
                self._fall(machine, _survival(action))
            case "hold", (agent, channel, host):
                self._rests.begin((agent, channel, host), lasts)
            case "rest", (agent, channel, host):
                begin = self._rests.begin
                self._at_step(action, partial(begin, (agent, channel, host), RESTED))
            case "slow", (_, host):
                self._slowness.begin(host, lasts)
            case "restart", (agent, host):
                self._restart(self._world.machines[host], agent)
            case "cut", (_, _, host, peer):
                self._apart(lasts, (host, peer), (peer, host))
            case "mute", (_, _, host, peer):
                self._apart(lasts, (peer, host))
            case "sever", (_, _, host, peer):
                cut = partial(self._apart, SEVERED, (host, peer), (peer, host))
                self._at_step(action, cut)
            case "deaf", (_, _, host):
                self._apart(lasts, (host, CLIENT))
            case "outage", (agent, sink, host):
                self._world.machines[host].outages.begin(self._folder(agent, sink, host), lasts)
            case "lapse", (agent, sink, host):
                begin = self._world.machines[host].outages.begin
                self._at_step(action, partial(begin, self._folder(agent, sink, host), LAPSE))
            case "stray", (agent, source, host, other):
                self._incoming.stray(agent, source, host, other)
            case "rotate", (_, source, host):
                self._incoming.rotate(source, host)
            case "copy", (agent, source, host):
                self._incoming.copy(agent, source, host, action)
            case _:
                raise ValueError(f"nothing here can do {action}")

    # What goes wrong.

    def _at_step(self, action: Action, work: Callable[[], object]) -> None:
        self._world.steps.at(self._place(action.kind, action.who), round(action.amount), work)

    def _place(self, kind: str, who: tuple[str, ...]) -> tuple[str, ...]:
        """Return where the steps are taken at which a fault of such a kind happens."""
        match kind, who:
            case "sever", (_, _, host, peer):
                return peer, host
            case "lapse", (agent, sink, host):
                return host, str(self._folder(agent, sink, host))
            case "rest", (agent, channel, host):
                return Rests.place((agent, channel, host))
            case _:
                return (who[-1],)

    def _folder(self, agent: str, sink: str, host: str) -> Path:
        return folder_of(part_of(self._world.machines[host].agents[agent], sink))

    def _fall(self, machine: Machine, survival: Survival) -> None:
        """Cut the power once the process has died at its step."""

        def look() -> None:
            if machine.doom is None:  # or it was given up
                machine.cut_power(survival)
                self._world.scheduler.after(SCALE / 10, machine.boot)
            else:
                self._world.scheduler.after(LOOK, look)

        look()

    def _lose(self, host: str) -> None:
        """Let a host be gone for good, with its disk and whatever was there."""
        machine = self._world.machines[host]
        machine.cut_power()
        machine.disk = CrashDisk()
        machine.boot = lambda: None  # type: ignore[method-assign] whoever was to do it
        self._incoming.lost.add(host)
        self._record.gone.add(host)

    def _restart(self, machine: Machine, agent: str) -> None:
        """End an agent in order, as for a new bundle, and start it again."""
        process = machine.processes.get(agent)
        if process is None:
            return
        process.stop()
        self._stopping += 1

        def look() -> None:
            if machine.processes.get(agent) is process:
                self._world.scheduler.after(LOOK, look)
            else:
                machine.start(agent)
                self._stopping -= 1

        look()

    def _apart(self, seconds: float, *wires: tuple[str, str]) -> None:
        """Let nothing come through for a while; what was under way is lost in the end."""
        network = self._world.network
        for wire in wires:
            self._cuts[wire] += 1
            network.cut(*wire)
        self._world.scheduler.after(seconds, partial(self._together, wires))

    def _together(self, wires: Sequence[tuple[str, str]]) -> None:
        for wire in wires:
            self._cuts[wire] -= 1
            if not self._cuts[wire]:
                self._world.network.reset(*wire)
                self._world.network.heal(*wire)

    # What came of it.

    def _finish(self) -> None:
        self._incoming.finish()
        for agent, sink, host in self._sinks():
            delivered = self._world.delivered(agent, sink, host)
            arrived = [(_event(each), each.headers) for each in delivered]
            self._record.arrived[agent, sink, host] = [event for event, _ in arrived]
            self._record.headers[agent, sink, host] = dict(reversed(arrived))
            for channel in letters(self._shape.agent(agent), sink):
                self._set_aside(agent, channel, host)
        for link in self._shape.links:
            if (channel := link.value("dead_letter")) is not None:
                for host in self._shape.agent(link.sender[0]).hosts:
                    self._set_aside(link.sender[0], channel, host)

        for machine in self._world.machines.values() if self._record.gone else ():
            for agent in machine.agents.values():
                for channel in agent.channels:  # each peer may have one of its own
                    lying = self._world.lying(agent.name, channel.name, machine.name)
                    self._record.held.update(map(_event, lying))

    def _set_aside(self, agent: str, channel: str, host: str) -> None:
        lying = self._world.lying(agent, channel, host)
        self._record.aside[agent, channel, host] = [_event(each) for each in lying]

    def _sinks(self) -> Iterator[tuple[str, str, str]]:
        for agent in self._shape.agents:
            for sink in agent.sinks:
                yield from ((agent.name, sink.name, host) for host in agent.hosts)


def _survival(action: Action) -> Survival:
    """Return what a power cut leaves of what was not synced: by chance, the same for the same."""
    if action.kind == "fall" and math.isclose(action.amount % 1, BARE):
        return NOTHING
    chance = random.Random(str(action))
    order: Callable[[], str] = lambda: chance.choice(("first", "last", "any"))  # noqa: E731
    return chance.choice((
        NOTHING, EVERYTHING,
        Survival(0.5, 0.5, order(), torn=chance.random() < 0.5, seed=chance.randrange(1000)),
        Survival(0.5, 0.5, apart=True, seed=chance.randrange(1000)),
    ))  # fmt: skip


def _event(found: seen.Event) -> Event:
    """Return the event that a sink has: bodies of `seq` are numbers alone."""
    if "/" in (text := found.text.rpartition(" ")[2]):
        return named(text)
    return named(f"{found.headers['origin']}@{found.headers['via']}/{found.text}")
