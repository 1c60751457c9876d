"""Whether what checks say of `survives` is so: lives in which their faults happen, and no others.

    PYTHONPATH=tests python -m prove.surviving --seed 3000 --fleets 100

What is said to be survived loses nothing, whenever it happens; what is said not to be is seen to.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, islice, product

from flumec.compiler.build import lint_text
from flumec.compiler.proofs.claim import Failure, Harm
from prove import simulated
from prove.claiming import Claimed, claimed
from prove.judging import Record
from prove.script import LENGTH, Action, Script, holds, sends
from prove.shape import FILING, Shape
from prove.ways import (
    Destination,
    Event,
    Instance,
    Ways,
    buried,
    is_left_out,
    letters,
    readers,
    rejections,
    sinks,
)
from prove.widening import FURTHER, make

Node = tuple[str, str]

LOSSES = {"FL610", "FL611"}
"""What is said of faults that lose events."""

MOMENTS = (0.05, 0.2, 0.5, 0.9, LENGTH + 0.1)
"""When faults may happen, in a unit of a script's time."""

FEW, MANY = 6, 40
"""How many lives are tried of what is survived, and of what is not."""


@dataclass(frozen=True)
class Fault:
    """One fault of a check: its word, what it is about, and how many hosts it takes at once."""

    kind: str
    about: str
    count: int = 0

    @property
    def text(self) -> str:
        """The fault as a check has it."""
        return f"{self.kind}({self.about}{f', count = {self.count}' * bool(self.count)})"


@dataclass(frozen=True)
class Check:
    """A path, and the faults that happen together."""

    source: Node
    sink: Node
    faults: tuple[Fault, ...]

    @property
    def text(self) -> str:
        """The check as it stands in a file."""
        faults = ", ".join(fault.text for fault in self.faults)
        ends = f"  from = {'.'.join(self.source)}\n  to = {'.'.join(self.sink)}\n"
        return f'\ncheck "it lasts" {{\n{ends}  survives = [{faults}]\n}}\n'


def drawn(shape: Shape, made: Claimed, chance: random.Random) -> Check | None:
    """Return a check of a fleet by chance; None where it has no path whose loss would be seen."""
    paths = [
        (claim.source, claim.sink)
        for claim in made.all
        if not claim.only
        and not any(Harm.LOSES in effect.harm for effect in claim.effects(Failure.ALWAYS))
        and shape.agent(claim.source[0]).source(claim.source[1]).kind != "seq"
    ]
    if not paths:
        return None
    source, sink = chance.choice(paths)
    faults = chance.sample(list(_faults(shape, chance)), chance.choice((1, 1, 2)))
    return Check(source, sink, tuple(faults))


def _faults(shape: Shape, chance: random.Random) -> Iterator[Fault]:
    for agent in shape.agents:
        for kind in ("kill", "lose"):
            yield Fault(kind, agent.name, chance.randint(1, len(agent.hosts)))
        for sink in agent.sinks:
            if sink.kind in FILING:
                yield Fault("outage", f"{agent.name}.{sink.name}, 4s")
    for site in sorted({site for agent in shape.agents for site in _sites(shape, agent.name)}):
        yield Fault("power", site)
    for link in shape.links:
        yield Fault("cut", f"{'.'.join(link.sender)}, 4s")


def _sites(shape: Shape, name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    agent = shape.agent(name)
    for host in agent.hosts:
        if (site := agent.fact(host, "site")) is not None:
            found.setdefault(site, []).append(host)
    return found


def is_survived(shape: Shape, check: Check) -> bool:
    """Say whether the compiler finds nothing that the faults of a check lose."""
    return not LOSSES & {found.code for found in lint_text(shape.text + check.text).diagnostics}


def scripts(shape: Shape, check: Check, seed: int) -> Iterator[Script]:
    """Yield lives with the faults of a check: at other moments, of other hosts, with events that
    wait in another agent, each time.
    """
    chance = random.Random(f"survived {seed}")
    given = tuple(sends(shape, chance))
    taken = [list(_of(shape, fault)) for fault in check.faults]
    all_ways = list(product(MOMENTS, (*shape.agents, None), *taken))
    for at, held, *faults in chance.sample(all_ways, len(all_ways)):
        gone = (Action(at, *each) for fault in faults for each in fault)
        yield tuple(sorted((*given, *gone, *(holds(held, 0.0, LENGTH + 0.3) if held else ()))))


def _of(shape: Shape, fault: Fault) -> Iterator[list[tuple[str, tuple[str, ...], float]]]:
    """Yield what happens with a fault, for each choice of hosts."""
    name, _, part = fault.about.partition(",")[0].partition(".")
    if fault.kind in ("kill", "lose"):
        for hosts in combinations(shape.agent(name).hosts, fault.count):
            yield [(fault.kind, (name, host), 0.2) for host in hosts]
    elif fault.kind == "outage":
        yield [("outage", (name, part, host), 1.0) for host in shape.agent(name).hosts]
    elif fault.kind == "power":
        for lasts in (0.2, 0.3, 0.4):  # what survives on a disk is another chance in each
            yield [
                ("power", (agent.name, host), lasts)
                for agent in shape.agents
                for host in _sites(shape, agent.name).get(fault.about, ())
            ]
    else:
        link = next(link for link in shape.links if link.sender == (name, part))
        yield [
            ("cut", (name, part, host, peer), 1.0)
            for host in shape.agent(name).hosts
            for _, _, peer in shape.peers(link, host)
        ]


def lost(shape: Shape, check: Check, record: Record, *, surely: bool = True) -> list[Event]:
    """Return the events of a check's source that neither came to its sink nor wait anywhere.

    A line that may still wait in its file is not lost. What may go to another agent instead is not
    `surely` the path's.
    """
    ways, found = Ways(shape), []
    last = _last(record)
    is_followed = shape.agent(check.source[0]).source(check.source[1]).kind == "taildir"
    for event, begun in record.sent.items():
        if event.node != check.source or not begun or event in record.held:
            continue
        ends = [end for end in ways.each(event) if _is_of(check, end, surely=surely)]
        there = any(is_left_out(end) or _is_there(shape, record, event, end) for end in ends)
        waits = bool(record.gone) and event.host not in record.gone and is_followed
        if ends and not there and not (waits and event.number >= last[event.stream]):
            found.append(event)
    return found


def _is_of(check: Check, end: Destination, *, surely: bool) -> bool:
    come = {instance[:2] for instance in sinks(end)}
    agents = {agent for agent, _ in come}
    return check.sink in come and (agents == {check.sink[0]} or not surely)


def _last(record: Record) -> Counter[tuple[str, str, str]]:
    """Return the last number of each source's events that is seen anywhere: all before are read."""
    found = Counter[tuple[str, str, str]]()
    for event in chain(record.held, *record.arrived.values(), *record.aside.values()):
        found[event.stream] = max(found[event.stream], event.number)
    return found


def _is_there(shape: Shape, record: Record, event: Event, end: Destination) -> bool:
    """Say whether an event is at one of the sinks of an end, or where it is put instead."""
    places = set[Instance](sinks(end))
    aside = {(each.agent, each.channel, each.host) for each in rejections(end)}
    for name, channel, host in aside:
        places |= {(name, sink, host) for sink in readers(shape.agent(name), channel)}
    for name, sink, host in list(places):
        agent = shape.agent(name)
        places |= {(name, other, host) for other in buried(agent, sink)}
        aside |= {(name, channel, host) for channel in letters(agent, sink)}
    return any(event in record.arrived.get(place, ()) for place in places) or any(
        event in record.aside.get(place, ()) for place in aside
    )


def examine(seed: int) -> tuple[Check, bool, Script | None] | None:
    """Return a seed's check, whether it is said to be survived, and a life that loses an event."""
    shape = make(seed)
    made = claimed(shape)
    check = drawn(shape, made, random.Random(f"check {seed}"))
    if check is None:
        return None
    survived = is_survived(shape, check)
    for script in islice(scripts(shape, check, seed), FEW if survived else MANY):
        record = simulated.play(shape, made.plan, script, seed)
        if lost(shape, check, record, surely=survived):
            return check, survived, script
    return check, survived, None


def main() -> int:
    """Try a check of each fleet, tell what is not as it is said, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m prove.surviving", description=__doc__)
    parser.add_argument("--fleets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=FURTHER, help="the first fleet's")
    given = parser.parse_args()
    counts = {True: 0, False: 0}
    wrong = unshown = 0
    for seed in range(given.seed, given.seed + given.fleets):
        found = examine(seed)
        if found is None:
            continue
        check, survived, script = found
        counts[survived] += 1
        if survived and script is not None:
            wrong += 1
            print(f"fleet {seed} loses what it is to survive:{check.text}", flush=True)
            print(*script, sep="\n", flush=True)
        if not survived and script is None:
            unshown += 1
            print(f"fleet {seed} is not seen to lose anything:{check.text}", flush=True)
    print(f"{counts[True]} are survived, wrong {wrong}; {counts[False]} are not, unshown {unshown}")
    return 1 if wrong or unshown else 0


if __name__ == "__main__":
    sys.exit(main())
