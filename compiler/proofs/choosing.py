"""Which hosts of an agent a fault may take: the choices that may come out differently, worst first.

Hosts that are alike in all that counts are one kind, and of a kind it does not matter which are
taken. So it is with places that links keep inside, racks as a rule: of equal ones as many are
looked at as hosts are taken. Where there are few choices, all are tried, those too that take fewer
hosts, or none: whoever loses a small host may be better off than whoever keeps it. Where there are
many, those are tried that take most of the room from whom most is sent to, place by place.

What one fault has taken already, another one takes last: two faults of an agent take two of its
hosts, though these are alike.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from heapq import nsmallest
from itertools import chain, islice
from typing import TypeVar

from flumec.compiler.choice import policy_of, within_of
from flumec.compiler.facts import fact_of
from flumec.compiler.model import Agent, Fleet, Host, Link, Proof
from flumec.compiler.proofs.room import Rooms

MOST_WAYS = 32
"""How many choices are tried."""

Choice = tuple[str, ...]
"""The names of the hosts that are taken."""

_COUNTING = ("nic", "disk_rate", "weight")
"""The facts that count, beside those that links keep inside, and sites that lose power."""

T = TypeVar("T")
F = TypeVar("F")


class Choices:
    """The choices of a fleet's hosts, each made once."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet, self._rooms = fleet, Rooms(fleet)
        self._made: dict[tuple[str, int, frozenset[str]], tuple[Choice, ...]] = {}
        self._into: dict[str, list[Link]] = defaultdict(list)
        self._out: dict[str, list[Link]] = defaultdict(list)
        self._beside: dict[str, list[str]] = defaultdict(list)
        self._withins = sorted({fact for link in fleet.links if (fact := within_of(link))})
        faults = [one for proof in fleet.proofs for one in _survived(proof)]
        power = any(getattr(one, "kind", "") == "power" for one in faults)
        self._counting = (*_COUNTING, "site") if power else _COUNTING
        self._hosts = {
            name: frozenset(host.name for host in agent.hosts.hosts)
            for name, agent in fleet.agents.items()
        }
        for link in fleet.links:
            self._out[link.sender.agent].append(link)
            for name in {end.agent for end in link.targets}:
                self._into[name].append(link)
        for agent in fleet.agents.values():
            for host in agent.hosts.hosts:
                self._beside[host.name].append(agent.name)

    def of(
        self, agent: Agent, count: int, taken: AbstractSet[str] = frozenset()
    ) -> tuple[Choice, ...]:
        """Return the choices of at most `count` hosts of an agent, some of which are `taken` by
        other faults; the last takes none.
        """
        own = frozenset(taken) & self._hosts[agent.name]
        count = min(count, len(agent.hosts.hosts))
        key = agent.name, count, own
        if key not in self._made:
            kinds = list(self._kinds(agent, count, own).values())
            few = list(islice(_all(kinds, count), MOST_WAYS)) if len(kinds) < MOST_WAYS else ()
            found = few if 0 < len(few) < MOST_WAYS else self._worst(agent, count, own)
            self._made[key] = (*islice(_each_once(found), MOST_WAYS - 1), ())
        return self._made[key]

    def _kinds(
        self, agent: Agent, count: int, taken: AbstractSet[str]
    ) -> dict[Hashable, list[str]]:
        """Return the hosts of an agent that are alike, by all that counts: of as many equal places
        as hosts are taken, and not of more.
        """
        into, out = self._into[agent.name], self._out[agent.name]
        ordered = any(policy_of(link) == "failover" for link in into)
        if into or _takes_over(agent):  # else nobody sends more where they are gone
            ordered = ordered or any("spread" in link.values for link in out)
        kinds: dict[Hashable, list[str]] = {}
        most = count + len(taken)
        for host in _untaken_first(agent, taken):
            places = tuple(self._places_of[path][fact_of(path, host)] for path in self._withins)
            if ordered or all(number < most for _, number in places):
                turn = host.index if ordered else 0
                key = places, self._of_host(agent, host), turn, host.name in taken
                kinds.setdefault(key, []).append(host.name)
        return kinds

    def _of_host(self, agent: Agent, host: Host) -> Hashable:
        """Return all that counts of an agent on a host, but where it is."""
        facts = tuple(fact_of(path, host) for path in self._counting)
        return facts, tuple(self._beside[host.name]), self._room(agent, host)

    @cached_property
    def _places_of(self) -> dict[str, dict[Hashable, tuple[Hashable, int]]]:
        """By the facts that links keep inside, the places: what counts of each, all that is there,
        and how many equal ones are before it.

        Places that differ in another such fact are not equal: links part them as well.
        """
        made: dict[str, dict[Hashable, tuple[Hashable, int]]] = {}
        for path in self._withins:
            others = [each for each in self._withins if each != path]
            there: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
            for agent in self._fleet.agents.values():
                for host in agent.hosts.hosts:
                    facts = tuple(fact_of(each, host) for each in others)
                    all_of_it = agent.name, facts, self._of_host(agent, host)
                    there[fact_of(path, host)][all_of_it] += 1
            equal: Counter[Hashable] = Counter()
            made[path] = {}
            for place, hosts in there.items():
                counts = frozenset(hosts.items())
                made[path][place] = counts, equal[counts]
                equal[counts] += 1
        return made

    def _room(self, agent: Agent, host: Host) -> float:
        """Return how much all channels of an agent hold on a host."""
        rooms = (
            self._rooms.of(agent.name, name, host)
            for name, component in agent.components.items()
            if component.kind == "channel"
        )
        return sum(room.bytes for room in rooms if room is not None)

    def _worst(self, agent: Agent, count: int, taken: AbstractSet[str]) -> Iterator[Choice]:
        """Yield the first hosts, those of most weight and of most room, those of most room of each
        place, where least is left first, fewer of the first, and those whose turn is before one of
        least room.
        """
        hosts = _untaken_first(agent, taken)
        rooms = {host.name: self._room(agent, host) for host in hosts}
        largest = sorted(hosts, key=lambda host: -rooms[host.name])
        yield tuple(host.name for host in hosts[:count])
        heaviest = sorted(hosts, key=lambda host: -int(host.facts.get("weight", 1)))
        yield tuple(host.name for host in heaviest[:count])
        yield tuple(host.name for host in largest[:count])
        pressed: list[tuple[float, int, Choice]] = []
        for senders, place in self._places(agent, largest):
            left = sum(rooms[host.name] for host in place[count:])
            choice = tuple(islice(_names(place, largest), count))
            pressed.append((left / senders, -senders, choice))
        worst = nsmallest(MOST_WAYS, pressed, key=lambda one: one[:2])
        yield from (choice for *_, choice in worst)
        yield from (tuple(host.name for host in hosts[:size]) for size in range(count - 1, 0, -1))
        turns = {host.name: turn for turn, host in enumerate(hosts)}
        for turn in (turns[host.name] for host in reversed(largest)):
            yield tuple(hosts[turn - step].name for step in range(1, count + 1))

    def _places(self, agent: Agent, hosts: Sequence[Host]) -> Iterator[tuple[int, Sequence[Host]]]:
        """Yield the hosts of an agent that share a fact which links keep inside, with how many
        hosts send to them.
        """
        senders: Counter[tuple[str, Hashable]] = Counter()
        for link in self._into[agent.name]:
            path = within_of(link) or "site"
            for host in self._fleet.agents[link.sender.agent].hosts.hosts:
                senders[path, fact_of(path, host)] += 1
        for path in sorted({path for path, _ in senders} | {"site"}):
            places: dict[Hashable, list[Host]] = defaultdict(list)
            for host in hosts:
                places[fact_of(path, host)].append(host)
            for fact, place in places.items() if len(places) > 1 else ():
                yield senders[path, fact] or 1, place


def together(
    faults: Iterable[F], ways: Callable[[F, tuple[T, ...]], Sequence[T]]
) -> list[tuple[T, ...]]:
    """Return choices of several faults at once: the worst of each, then others of each in turn, and
    where that is too many, still each fault alone, and none.

    `ways` returns those of one fault, where others have taken something; the last takes nothing.
    """
    found: list[tuple[T, ...]] = [()]
    alone: list[tuple[T, ...]] = []
    none: tuple[T, ...] = ()
    for fault in faults:
        ranked = [
            (first + second, (*before, one))
            for first, before in enumerate(found)
            for second, one in enumerate(ways(fault, before))
        ]
        found = [chosen for _, chosen in sorted(ranked, key=lambda each: each[0])[:MOST_WAYS]]
        by_itself = ways(fault, none)
        worst, nothing = by_itself[0], by_itself[-1]
        alone = [*((*each, nothing) for each in alone), (*none, worst)]
        none = (*none, nothing)
    return list(dict.fromkeys((*found, *alone, none)))


def _untaken_first(agent: Agent, taken: AbstractSet[str]) -> Sequence[Host]:
    hosts = agent.hosts.hosts
    return sorted(hosts, key=lambda host: host.name in taken) if taken else hosts


def _survived(proof: Proof) -> Sequence[object]:
    held = proof.values.get("survives")
    return () if held is None else held.value


def _names(place: Iterable[Host], others: Iterable[Host]) -> Iterator[str]:
    """Yield the names of the hosts of a place, then of others, each once."""
    seen: set[str] = set()
    for host in chain(place, others):
        if host.name not in seen:
            seen.add(host.name)
            yield host.name


def _each_once(choices: Iterable[Choice]) -> Iterator[Choice]:
    """Yield choices, those of the same hosts once, and none that takes nothing."""
    seen: set[frozenset[str]] = {frozenset()}
    for choice in choices:
        if frozenset(choice) not in seen:
            seen.add(frozenset(choice))
            yield choice


def _takes_over(agent: Agent) -> bool:
    """Whether what clients send goes to other hosts of an agent where some are gone."""
    declared = (component.declaration for component in agent.components.values())
    return any(getattr(one, "refuses", False) for one in declared)


def _all(kinds: Sequence[Sequence[str]], count: int) -> Iterator[Choice]:
    """Yield every choice of hosts of some kinds, those that take most first."""
    sizes = [len(kind) for kind in kinds]
    most = min(count, sum(sizes))
    fewer = 0 if len(kinds) > 1 else most - 1  # of one kind, more of them do more of the same
    for size in range(most, fewer, -1):
        for numbers in _shared_out(size, sizes):
            pairs = zip(kinds, numbers, strict=True)
            yield tuple(name for kind, number in pairs for name in kind[:number])


def _shared_out(count: int, most: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the ways to take so many of some kinds, of each at most what there is."""
    if not most:
        if count == 0:
            yield ()
        return
    for first in range(min(count, most[0]), -1, -1):
        if count - first <= sum(most[1:]):
            for rest in _shared_out(count - first, most[1:]):
                yield first, *rest
