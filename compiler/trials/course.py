"""One test, run: its statements in their order, until one expects what is not so."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from flumec.compiler.model import Fleet, Statement, Trial
from flumec.compiler.plan import Plan
from flumec.compiler.trials.concerned import concerned
from flumec.compiler.trials.keep import keep
from flumec.compiler.trials.shown import events
from flumec.compiler.trials.wanted import Wanted
from flumec.compiler.unexpected import NotAsExpected
from flumec.compiler.world import Unable, World
from flumec.compiler.world.declared import declared
from flumec.compiler.world.events import Event
from flumec.compiler.world.machine import RESTART
from flumec.runtime.quantity import Duration
from flumec.runtime.sources.seq import Seq

PATIENCE = 3600.0
"""Seconds of the test's time that an `expect` without `within` waits for the fleet to rest."""

_START = 0.1


class Course:
    """A test on its way. `run` is called once."""

    def __init__(
        self, fleet: Fleet, plan: Plan, trial: Trial, seed: int, kept: Path | None = None
    ) -> None:
        self._fleet, self._plan = fleet, concerned(plan, trial)
        self._trial, self._seed, self._kept = trial, seed, kept
        self._sent: dict[tuple[str, str, str], list[bytes]] = defaultdict(list)
        self._events = 0

    def run(self) -> NotAsExpected | None:
        """Return the first expectation that failed; None if all held."""
        for endless in _endless(self._plan):
            reason = f"`{endless}` never ends, and takes no time: let it have a `total`"
            return self._refused(self._trial.statements[0], reason)
        with World(self._plan, self._seed, real_sinks=self._trial.real_sinks) as world:
            world.scheduler.patient = True
            world.advance(_START)
            finding = self._all(world)
            if self._kept is not None:
                keep(world, self._kept)
        return finding

    def _all(self, world: World) -> NotAsExpected | None:
        for statement in self._trial.statements:
            try:
                finding = self._take(world, statement)
            except Unable as refusal:
                return self._refused(statement, str(refusal))
            if finding is not None:
                return finding
        return None

    def _take(self, world: World, statement: Statement) -> NotAsExpected | None:
        if statement.function == "expect":
            return self._expect(world, statement)
        self._steps[statement.function](world, statement)
        return None

    @property
    def _steps(self) -> Mapping[str, Callable[[World, Statement], None]]:
        return {
            "send": self._send,
            "kill": self._kill,
            "power": self._power,
            "cut": lambda world, said: world.cut(*_end(said, "link")),
            "heal": lambda world, said: world.heal(*_end(said, "link")),
            "outage": lambda world, said: world.outage(
                *_end(said, "sink"), float(said.get("duration"))
            ),
            "rotate": lambda world, said: world.rotate(*_end(said, "source"), said.get("host")),
            "advance": lambda world, said: world.advance(float(said.get("duration"))),
        }

    def _send(self, world: World, said: Statement) -> None:
        agent, source = _end(said, "to")
        bodies, body = [], said.get("body")
        for _ in range(said.get("count", 1)):
            self._events += 1
            bodies.append(f"event {self._events}" if body is None else body)
        host = said.get("host")
        headers = said.get("headers", {})
        sent = [Event(text.encode(), headers) for text in bodies]
        world.send(agent, source, sent, host, file=said.get("file"))
        where = world.machine(agent, host).name
        self._sent[agent, source, where] += [event.body for event in sent]

    def _kill(self, world: World, said: Statement) -> None:
        agent, host = str(said.get("agent")), said.get("host")
        chosen = world.having(agent, host)[: said.get("count", 1)]
        for machine in chosen:
            world.kill(agent, machine.name, down=float(said.get("down", RESTART)))

    def _power(self, world: World, said: Statement) -> None:
        place = said.get("place")
        for name in places(self._fleet, place):
            if name in world.machines:
                world.cut_power(name, down=float(said.get("down", RESTART)))

    def _expect(self, world: World, said: Statement) -> NotAsExpected | None:
        at = said.get("at")
        kind = self._fleet.agents[at.agent].components[at.component].kind
        wanted = Wanted(said, kind)
        within = said.get("within")
        rested = True
        if within is None:
            rested = world.rest(PATIENCE)
        elif wanted.is_at_most:
            world.advance(float(within))
        else:
            self._await(world, wanted, float(within))
        difference = next(wanted.differences(world, self._sent), None)
        if difference is None:
            return None
        told = [*difference.lines, *self._circumstances(world, rested=rested)]
        return NotAsExpected(
            said.span, title=self._trial.title, wanted=difference.wanted, came=difference.came,
            shown=tuple(told),
        )  # fmt: skip

    def _await(self, world: World, wanted: Wanted, seconds: float) -> None:
        deadline = world.clock.monotonic() + seconds
        while any(wanted.differences(world, self._sent)):
            left = deadline - world.clock.monotonic()
            if left <= 0:
                return
            world.look(left)

    def _circumstances(self, world: World, *, rested: bool) -> Iterator[str]:
        """Yield what may be why."""
        for agent, channel, host, held in world.held(unread=True):
            yield f"{events(held)} held in `{agent}.{channel}` on {host}"
        for agent, part, reason, dropped in world.all_dropped():
            yield f"{events(dropped)} dropped by `{reason}` at `{agent}.{part}`"
        for agent, host in world.down:
            yield f"`{agent}` on {host} is down"
        for agent, component, host, reason in world.failing:
            yield f"`{agent}.{component}` on {host} cannot work: {reason}"
        for agent, host, reason in world.fates:
            yield f"`{agent}` on {host} ended: {reason}"
        waiting = sum(not request.answered for request in world.requests)
        if waiting:
            yield f"{waiting} of the clients' requests not answered"
        for refusal in dict.fromkeys(each.refusal for each in world.requests if each.refusal):
            yield f"a request was answered 400: {refusal}"
        busy = "" if rested else ", and not at rest"
        passed = clock_time(world.clock.monotonic())
        yield f"after {passed} by the test's clock{busy}; seed {self._seed}"

    def _refused(self, statement: Statement, reason: str) -> NotAsExpected:
        return NotAsExpected(
            statement.span, title=self._trial.title, wanted="",
            came=reason, shown=(),
        )  # fmt: skip


def places(fleet: Fleet, place: str) -> list[str]:
    """Return the hosts of a site, or the host of that name."""
    hosts = [host for one in fleet.host_sets.values() for host in one.hosts]
    named = [h.name for h in hosts if place in (h.name, str(h.facts.get("site", "")))]
    return list(dict.fromkeys(named))


def _endless(plan: Plan) -> Iterator[str]:
    """Yield the sources that make events without end: the clock leaps only when all wait."""
    for agent in (agent for host in plan.hosts for agent in host.agents):
        for source in declared(agent).sources:
            if isinstance(source, Seq) and source.total is None:
                yield f"{agent.name}.{source.name}"


def clock_time(seconds: float) -> str:
    """Return how much time passed, in the language's words.

    >>> clock_time(0.35), clock_time(305.25), clock_time(7200)
    ('350ms', '5m5s', '2h')
    """
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    whole, text = int(seconds), ""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        text += f"{whole // size}{unit}" if whole // size else ""
        whole %= size
    return str(Duration(text).text)


def _end(said: Statement, name: str) -> tuple[str, str]:
    end = said.get(name)
    return end.agent, end.component
