"""How long those that share the work of links take what is sent: who has room takes more."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from flumec.compiler.graph import Node
from flumec.compiler.model import Link
from flumec.compiler.proofs.fill import Fill, Spot
from flumec.compiler.proofs.fills import Fills
from flumec.compiler.proofs.in_turn import Part, Work, full_in_turn
from flumec.compiler.proofs.peers import Receiver, share

Taken = tuple[float, Spot | None]
"""Until when something is taken, and the channel that is full then."""


@dataclass(slots=True)
class _Shared:
    """What the hosts of a link send to one list of receivers, which share it."""

    sender: Node
    near: Sequence[Receiver]
    alive: Sequence[Receiver]
    rate: float = 0.0


@dataclass(slots=True)
class Sharing:
    """The lists of receivers that share work, in one scene; each is asked about once."""

    filled: Fills
    _taken: dict[int, Taken] = field(default_factory=dict)
    """By the identity of a list."""
    _lists: dict[Node, list[_Shared]] = field(default_factory=dict)
    """By who sends."""
    _of: dict[tuple[Node, str], list[_Shared]] = field(default_factory=lambda: defaultdict(list))
    """By each of the receivers."""
    _seen: set[Node] = field(default_factory=set)
    """The receiving components of which it is known who shares work with them."""

    def before(self, link: Link) -> None:
        """See how those are filled to whom a link leads, where others share work with them: before
        anybody asks who sends to them.
        """
        for node in {end.node for end in link.targets} - self._seen:
            self._seen.add(node)
            for other in self.filled.peers.balanced_to(node):
                if self.filled.asked.issuperset(end.node for end in other.targets):
                    for one in self._lists_of(other):
                        self.taken(other, one.near)

    def taken(self, link: Link, near: Sequence[Receiver]) -> Taken:
        """Return until when one of a list takes what is sent."""
        if id(near) not in self._taken:
            for node in {end.node for end in link.targets}:
                for other in self.filled.peers.balanced_to(node):
                    self._lists_of(other)
            together = self._together(near)
            in_turn, whole = self._fill(together), sum(one.rate for one in together)
            for one in together:
                self._taken[id(one.near)] = self._last(one) if in_turn else self._until(one, whole)
        nobody = self.filled.scene.since, None
        return self._taken.setdefault(id(near), nobody)

    def _lists_of(self, link: Link) -> Sequence[_Shared]:
        """Return the lists of a link, with what is sent to each."""
        sender, filled = link.sender.node, self.filled
        if sender not in self._lists:
            found: dict[int, _Shared] = {}
            hosts = filled.peers.hosts(sender[0])
            for name in filled.load.into.get(sender, ()):
                near = filled.peers.near(link, hosts[name])
                if id(near) not in found:
                    found[id(near)] = _Shared(sender, near, filled.alive(near))
                if sender not in filled.scene.cut:
                    found[id(near)].rate += filled.arrivals.at(sender, name).comes
            self._lists[sender] = list(found.values())
            for shared in found.values():
                for one in shared.alive:
                    self._of[one.end, one.host.name].append(shared)
        return self._lists[sender]

    def _together(self, near: Sequence[Receiver]) -> list[_Shared]:
        """Return the lists that have receivers in common with one, or with such a list."""
        first = (each for one in near for each in self._of[one.end, one.host.name])
        found = {id(each): each for each in first}
        waiting = deque(found.values())
        while waiting:
            for one in waiting.popleft().alive:
                for each in self._of[one.end, one.host.name]:
                    if id(each) not in found:
                        found[id(each)] = each
                        waiting.append(each)
        return list(found.values())

    def _fill(self, lists: Sequence[_Shared]) -> bool:
        """Fill channels that share work: those that nothing else leads to are full all at once,
        others in turn. Where they do not begin at once each is filled by its weight: then False.
        """
        alive = {(one.end, one.host.name): one for each in lists for one in each.alive}
        spots = [self.filled.behind(one) for one in alive.values()]
        known = [spot for spot in spots if spot is not None]
        fills = [self.filled.fills[node][host] for node, host in known]
        begin = {fill.begins for fill in fills}
        if len(set(known)) < len(alive) or len(begin) != 1 or any(fill.passes for fill in fills):
            return False
        if all(len(each.alive) == len(alive) for each in lists) and all(
            self._is_alone(lists, one, spot)
            for one, spot in zip(alive.values(), known, strict=True)
        ):
            fills = [_merged(fills)] * len(fills)
        else:
            fills = list(_in_turn(lists, list(alive.values()), fills))
        for one, spot, fill in zip(alive.values(), known, fills, strict=True):
            self.filled.put(one, spot, fill)
        return True

    def _is_alone(self, lists: Sequence[_Shared], one: Receiver, spot: Spot) -> bool:
        """Whether a receiver's channel fills from some links alone."""
        graph = self.filled.graph
        writers = {edge.start for node in {one.end, spot[0]} for edge in graph.writers(node)}
        return writers <= {one.end, *(each.sender for each in lists)}

    def _last(self, shared: _Shared) -> Taken:
        """Return until when the last of a list takes what is sent."""
        return max(map(self.filled.takes, shared.alive), key=lambda one: one[0])

    def _until(self, shared: _Shared, whole: float) -> Taken:
        """Return until when one of a list takes what is sent, for good if one takes all.

        Where channels are not filled in turn, of this list or of those that share work with it, it
        is at least until the first of them is full, and the last begins to fill.
        """
        last = self._last(shared)
        if last[0] == inf:
            return last
        until, spot = min(map(self.filled.takes, shared.alive), key=lambda one: one[0])
        return max(self._begins(one, until, whole) for one in shared.alive), spot

    def _begins(self, one: Receiver, until: float, whole: float) -> float:
        """Return when a receiver begins to fill at the earliest, if that is later than `until`:
        from then on the whole work may come to it, and fill what is behind it so much sooner.
        """
        spot = self.filled.behind(one)
        if spot is None:
            return until
        fill = self.filled.fills[spot[0]][spot[1]]
        lists = self._of[one.end, one.host.name]
        own = sum(each.rate * share(one, each.alive, "balance") for each in lists)
        sooner = fill.rate / (fill.rate + whole - own)
        return until + max(0.0, fill.begins - until) * sooner


def _in_turn(
    lists: Sequence[_Shared], alive: Sequence[Receiver], fills: Sequence[Fill]
) -> Iterator[Fill]:
    """Yield channels that begin at once: each that is full leaves its work to the others."""
    places = {(one.end, one.host.name): place for place, one in enumerate(alive)}
    works, shares = [], [0.0] * len(alive)
    for each in lists:
        works.append(Work(each.rate, [places[one.end, one.host.name] for one in each.alive]))
        for one, place in zip(each.alive, works[-1].parts, strict=True):
            shares[place] += each.rate * share(one, each.alive, "balance")
    parts = [
        Part(fill.rate * (fill.full - fill.begins), max(0.0, fill.rate - shares[place]), one.weight)
        for place, (one, fill) in enumerate(zip(alive, fills, strict=True))
    ]
    for fill, part, time in zip(fills, parts, full_in_turn(parts, works), strict=True):
        rate = part.free / time if time else fill.rate
        yield replace(fill, full=fill.begins + time, rate=rate)


def _merged(fills: Sequence[Fill]) -> Fill:
    """Return channels that begin at once, and are filled together, as one."""
    first, rate = fills[0], sum(one.rate for one in fills)
    held, waits = sum(one.held for one in fills), sum(one.waits for one in fills)
    rooms = tuple(room for one in fills for room in one.rooms)
    return replace(
        first,
        full=first.begins + max(0.0, sum(room.bytes for room in rooms) - held - waits) / rate,
        rate=rate,
        rooms=rooms,
        held=held,
        open=sum(one.open for one in fills),
        waits=waits,
        lies=sum(one.lies for one in fills),
        passes=min(one.passes for one in fills),
    )
