"""The judge: what was sent, what arrived, and whether the claims allow the difference."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from flumec.compiler.proofs.claim import Claim, Failure, Harm
from flumec.compiler.world.steps import Note
from prove.shape import Shape
from prove.ways import (
    Destination,
    Event,
    Hosts,
    Instance,
    Ways,
    buried,
    is_left_out,
    letters,
    rejections,
    sinks,
)

Claims = Mapping[tuple[tuple[str, str], tuple[str, str]], Claim]
"""By source and sink."""


@dataclass
class Record:
    """What happened to a fleet, as seen from outside, once all is quiet."""

    sent: dict[Event, bool] = field(default_factory=dict)
    """Each event that a source was given, and whether its claim has begun: it was acknowledged, or
    is a complete line, or the next number."""
    arrived: dict[Instance, list[Event]] = field(default_factory=dict)
    """What each sink has published, in its order."""
    headers: dict[Instance, dict[Event, Mapping[str, str]]] = field(default_factory=dict)
    """Those of the first copy of each event there."""
    aside: dict[Instance, list[Event]] = field(default_factory=dict)
    """What lies where the file says that it may end: in channels for dead letters, and late."""
    gone: set[str] = field(default_factory=set)
    """The hosts that were lost for good."""
    held: set[Event] = field(default_factory=set)
    """What lies in any channel, where a host was lost: it waits for that one."""
    failures: set[Failure] = field(default_factory=set)
    """What happened, besides all being well."""
    steps: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)
    """How many steps there were at which each fault that happens at one could have happened."""
    begun: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)
    """How many of them there had been when the first event came, of sources that are given some."""
    notes: dict[Note, dict[tuple[str, tuple[str, ...]], list[int]]] = field(
        default_factory=lambda: {note: {} for note in get_args(Note)}
    )
    """Those of them right before which something of note had come about."""
    strayed: dict[Event, Hosts] = field(default_factory=dict)
    """The other hosts of their source that clients have given some of them to as well."""
    bulk: set[Event] = field(default_factory=set)
    """What fits into no frame of a link that has a limit."""
    shuffled: set[tuple[str, str, str]] = field(default_factory=set)
    """Sources whose events were not given one after the other: their order is anyone's."""


@dataclass(frozen=True)
class Seen:
    """A difference between what was sent and what arrived."""

    kind: Literal["lost", "doubled", "reordered", "astray", "unclaimed", "unsaid"]
    event: Event
    place: frozenset[Instance]
    by: Event | None = None
    """What it came behind, of those that are reordered."""
    beside: frozenset[Instance] = frozenset()
    """Where what is lost would be if a link had had it rejected."""
    rejected: bool = False
    """Whether a link must have had it rejected, so that what is claimed of letters holds of it."""

    def __str__(self) -> str:
        where = " or ".join(f"{agent}.{sink} of {host}" for agent, sink, host in sorted(self.place))
        behind = f" behind {self.by.name}" if self.by else ""
        return f"{self.event.name} is {self.kind}{behind} at {where}"


Letters = Collection[tuple[str, str | None]]
"""Channels of agents into which dead letters go."""

HARM = {"lost": Harm.LOSES, "doubled": Harm.REPEATS}


class Judge:
    """Holds what arrived in one fleet against what is claimed of it."""

    def __init__(self, shape: Shape, claims: Claims) -> None:
        self._ways, self._claims, self._shape = Ways(shape), claims, shape

    def seen(self, record: Record) -> list[Seen]:
        """Return every difference, allowed or not."""
        return [*self._differences(record), *self._disorder(record), *self._unsaid(record)]

    def wrong(self, record: Record) -> list[Seen]:
        """Return the differences that no claim allows."""
        return [each for each in self.seen(record) if not self._allowed(each, record.failures)]

    def weak(self, seen: Seen) -> Iterator[tuple[Claim, Harm]]:
        """Yield the claims that a difference shows to be weak, and by what harm."""
        harm = HARM.get(seen.kind, Harm.NONE)
        for claim in self._of(seen.event, seen.place | seen.beside) if harm else ():
            if harm in claim.harm:
                yield claim, harm

    def _differences(self, record: Record) -> Iterator[Seen]:
        counts = {place: Counter(events) for place, events in record.arrived.items()}
        expected: dict[Instance, set[Event]] = {place: set() for place in counts}
        for event, begun in record.sent.items():
            others = record.strayed.get(event, frozenset())
            for place in self._ways.of(event, others):
                come = sinks(place) | self._ways.burying(place)
                for instance in come:
                    expected.setdefault(instance, set()).add(event)
                if any(self._claim(event, instance) is None for instance in come):
                    yield Seen("unclaimed", event, come)
                    continue
                if self._is_one_too_many(record, counts, event, place):
                    yield Seen("doubled", event, come)
                for sink in self._reading_too_many(counts, event, place):
                    yield Seen("doubled", event, frozenset((sink,)))
            for place in self._ways.each(event, others) if begun else ():
                known = all(self._claim(event, each) is not None for each in sinks(place))
                lost = not sum(self._copies(record, counts, event, place))
                if known and lost and not is_left_out(place):
                    beside, is_bulk = self._ways.burying(place), event in record.bulk
                    yield Seen("lost", event, sinks(place), beside=beside, rejected=is_bulk)
        for instance, events in record.arrived.items():
            for event in dict.fromkeys(events):
                if event not in expected[instance]:
                    yield Seen("astray", event, frozenset((instance,)))

    def _unsaid(self, record: Record) -> Iterator[Seen]:
        """Yield what lies aside where no claim says that events of its source may."""
        said = {
            (claim.source, detour.node[0], detour.to)
            for claim in self._claims.values()
            for detour in claim.detours
        }
        for (agent, channel, host), events in record.aside.items():
            for event in dict.fromkeys(events):
                if (event.node, agent, channel) not in said:
                    yield Seen("unsaid", event, frozenset(((agent, channel, host),)))

    def _is_one_too_many(
        self, record: Record, counts: Mapping[Instance, Counter[Event]], event: Event,
        place: Destination,
    ) -> bool:  # fmt: skip
        """Return whether each destination would have a copy of an event without one of them.

        A copy that is late does not count: it is known to nobody. Nor is one that was given up, or
        that a link has had rejected: of several copies there may be one for each, and as many as a
        failure brings to where a claim says so.
        """
        others = record.strayed.get(event, frozenset())
        ways = [end for end in self._ways.every(event, others) if end <= place]
        copied = self._copied(record, event, place)
        if sum(self._copies(record, counts, event, place, copied)[:2]) > len(ways):
            return True
        here = {at: counts[at][event] for at in sinks(place) if at in counts}
        return any(
            copies and all(sum(here.get(x, 0) for x in end) > 1 for end in ways if at in end)
            for at, copies in here.items()
        )

    def _copied(self, record: Record, event: Event, place: Destination) -> Letters:
        """Return where there may be a letter for each copy that one of the failures brings."""
        happened = {Failure.ALWAYS, *record.failures}
        return {
            (detour.node[0], detour.to)
            for claim in self._of(event, sinks(place))
            for detour in claim.detours
            if not happened.isdisjoint(detour.copied)
        }

    def _copies(
        self, record: Record, counts: Mapping[Instance, Counter[Event]], event: Event,
        place: Destination, beyond: Letters = frozenset(),
    ) -> tuple[int, int, int]:  # fmt: skip
        """Return how many copies of an event are published, given up (but for those that lie
        `beyond`), and were late.
        """
        found = sum(counts[instance][event] for instance in sinks(place) if instance in counts)
        dead, late = self._aside(record, event, sinks(place) | self._ways.burying(place), beyond)
        return found, dead + self._rejected(record, counts, event, place, beyond), late

    def _rejected(
        self, record: Record, counts: Mapping[Instance, Counter[Event]], event: Event,
        place: Destination, beyond: Letters,
    ) -> int:  # fmt: skip
        """Return how many copies of an event links have had rejected, but for those to others."""
        found = 0
        for each in rejections(place):
            if (each.agent, each.channel) not in beyond:
                aside = record.aside.get((each.agent, each.channel, each.host), [])
                read = (event in counts.get(sink, ()) for sink in self._ways.readers(each))
                found += aside.count(event) + sum(read)
        return found

    def _reading_too_many(
        self, counts: Mapping[Instance, Counter[Event]], event: Event, place: Destination
    ) -> set[Instance]:
        """Return the sinks that have more letters of an event than clients have given of it."""
        given = len(self._shape.agent(event.agent).hosts) if event.host == "*" else 1
        readers = {sink for each in rejections(place) for sink in self._ways.readers(each)}
        return {sink for sink in readers if counts.get(sink, Counter())[event] > given}

    def _aside(
        self, record: Record, event: Event, place: Iterable[Instance], beyond: Letters
    ) -> tuple[int, int]:
        """Return how many copies of an event sinks have given up, and how many were late."""
        found = [0, 0]
        for name, sink, host in place:
            for channel, late in letters(self._shape.agent(name), sink).items():
                if not late and (name, channel) in beyond:
                    continue
                found[late] += record.aside.get((name, channel, host), []).count(event)
        return found[0], found[1]

    def _left(self, record: Record, instance: Instance) -> set[Event]:
        """Return the events of which a copy was given up at a sink, or late: in no order."""
        name, sink, host = instance
        agent = self._shape.agent(name)
        places = [(name, channel, host) for channel in letters(agent, sink)]
        found = [event for place in places for event in record.aside.get(place, ())]
        for other in buried(agent, sink):
            found += record.arrived.get((name, other, host), ())
        return set(found)

    def _disorder(self, record: Record) -> Iterator[Seen]:
        for instance, events in record.arrived.items():
            last: dict[tuple[str | None, ...], Event] = {}
            left = self._left(record, instance)
            for event in dict.fromkeys(events):  # copies that come later do not count
                claim = self._claim(event, instance)
                if claim is None or claim.order.keys is None or event.stream in record.shuffled:
                    continue
                if event in left:
                    continue
                keys = claim.order.keys
                if claim.order.folders is not None:
                    keys |= folders(self._shape, instance)
                headers = record.headers.get(instance, {}).get(event, {})
                kind = (*event.stream, *(headers.get(key) for key in sorted(keys)))
                before = last.get(kind)
                if before is not None and before.number > event.number:
                    yield Seen("reordered", event, frozenset((instance,)), before)
                else:
                    last[kind] = event

    def _allowed(self, seen: Seen, failures: set[Failure]) -> bool:
        harm = HARM.get(seen.kind, Harm.NONE)
        place = seen.place | seen.beside if seen.rejected else seen.place
        return bool(harm) and any(
            harm in effect.harm
            for claim in self._of(seen.event, place)
            for failure in (Failure.ALWAYS, *failures)
            for effect in claim.effects(failure)
        )

    def _of(self, event: Event, place: Iterable[Instance]) -> Iterator[Claim]:
        found = (self._claim(event, instance) for instance in place)
        yield from {claim.sink: claim for claim in found if claim is not None}.values()

    def _claim(self, event: Event, instance: Instance) -> Claim | None:
        return self._claims.get((event.node, instance[:2]))


def folders(shape: Shape, instance: Instance) -> set[str]:
    """Return the headers by which a sink writes into several folders, each in its own order."""
    return set(
        re.findall(r"%\{(\w+)\}", shape.agent(instance[0]).sink(instance[1]).value("path") or "")
    )
