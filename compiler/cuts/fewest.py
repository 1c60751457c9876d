"""The fewest elements of one kind that cut a path together, where no single one does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from flumec.compiler.cuts.circuit import Copy, Place, Step
from flumec.compiler.cuts.course import Course
from flumec.compiler.cuts.element import Element, Kind
from flumec.compiler.graph import Graph

_TRIED = 3
"""Up to how many elements all that could be fewer than a cut of the graph are tried."""

_STEPS = 200_000
"""How many places are looked at for that, of one path."""

_RATHER = 1 + 2**-20
"""What a disk costs that holds nothing: of cuts of one size that is said which loses something."""

Taken = frozenset[Element]


class Fewest(NamedTuple):
    """Elements that cut a path together; `exact` if fewer surely do not."""

    elements: tuple[Element, ...]
    exact: bool


def fewest(course: Course, kind: Kind) -> Fewest | None:
    """Return the fewest elements of a kind that cut a course; None if no number of them does.

    A minimum cut of the graph is at most too large: it counts a host twice that is passed twice,
    and of arms that must all work it cuts the one that looks weakest. What is smaller is looked
    for: whatever cuts a course takes something of each way that is left.
    """
    bounds = _bounds(course, kind)
    if bounds[None] == inf:
        return None
    whole = _least(course, kind, bounds)
    most = min(_TRIED, len(whole) - 1)
    search = _Search(course, kind)
    for number in range(2, most + 1):
        found = search.cut(frozenset(), number)
        if found is not None:
            return Fewest(tuple(sorted(found)), exact=True)
    tried = search.left > 0 and len(whole) <= _TRIED + 1
    return Fewest(whole, exact=tried or _is_simple(course, kind))


def _members(course: Course, place: Place, kind: Kind) -> Sequence[tuple[Element, ...]]:
    """Return the elements of a kind that a place needs: one of each tuple, all on the same host."""
    return () if course.is_own(place) else course.circuit.needs(place, kind)


Bounds = Mapping[Place | None, float]


def _bounds(course: Course, kind: Kind) -> Bounds:
    """Return how many elements cut all that is behind a place at most; None has the root's."""
    found: dict[Place | None, float] = {}
    for place, step in _backwards(course):
        members = () if place is None else _members(course, place, kind)
        own = min(map(len, members), default=inf)
        link = 1 if kind == "link" and step.link else inf
        behind = sum(min(_sum(arm, found) for arm in copy) for copy in step.copies) or inf
        found[place] = min(own, link, behind)
    return found


def _sum(arm: tuple[Place, ...], found: Bounds) -> float:
    return sum(found[place] for place in arm)


def _weakest(step: Step, bounds: Bounds) -> Iterator[Place]:
    """Yield the places of that arm of each copy which fewest elements cut."""
    for copy in step.copies:
        yield from min(copy, key=lambda arm: _sum(arm, bounds))


Spot = tuple[Place | str | None, str]


def _least(course: Course, kind: Kind, bounds: Bounds) -> tuple[Element, ...]:
    """Return what a minimum cut of the graph takes."""
    arcs: dict[tuple[Spot, Spot], float] = {}
    takes: dict[tuple[Spot, Spot], tuple[Element, ...]] = {}
    end: Spot = ("", "end")
    for place, step in _backwards(course):
        out: Spot = (place, "out")
        if place is not None:
            at: Spot = (place, "in")
            for number, members in enumerate(_members(course, place, kind)):
                further: Spot = (place, f"has {number}")
                cost = len(members) * (1 if _holds(course, place, members[0]) else _RATHER)
                arcs[at, further], takes[at, further] = cost, members
                at = further
            arcs[at, out] = inf
            if place.node == course.sink:
                arcs[out, end] = inf
        if step.link and kind == "link":
            arc: tuple[Spot, Spot] = out, (step.link, "link")
            arcs[arc], takes[arc] = 1, (Element("link", step.link),)
            out = arc[1]
        for onward in _weakest(step, bounds):
            arcs[out, (onward, "in")] = inf
    cut = Graph.least_cut(arcs, (None, "out"), end)
    return tuple(dict.fromkeys(element for arc in cut for element in takes.get(arc, ())))


def _holds(course: Course, place: Place, one: Element) -> bool:
    """Whether events of the course lie on a disk; of anything else that is never asked."""
    if one.kind != "disk":
        return True
    return course.circuit.disks.holding(place.node, place.alike.first) == one.folder


def _is_simple(course: Course, kind: Kind) -> bool:
    """Whether a minimum cut is exact: each element is passed once, and no arm is chosen."""
    alikes = course.circuit.alikes
    steps = (course.root, *(step for _, step in course.order))
    return (
        kind in ("host", "disk")
        and all(len(copy) == 1 for step in steps for copy in step.copies)
        and all(
            len(alikes.entries.get(place.alike.agent, ())) <= 1
            and alikes.crowded[place.alike.first.name] == 1
            for place, _ in course.order
        )
    )


@dataclass(slots=True)
class _Search:
    """Looks for elements that cut a course together, in ways that are left without others."""

    course: Course
    kind: Kind
    left: int = _STEPS
    """How many places may still be looked at."""

    def cut(self, taken: Taken, number: int) -> Taken | None:
        """Return elements that cut it, those that are taken and so many more."""
        alive = self._alive(taken)
        if alive is None:
            return taken
        for element in sorted(alive) if number else ():
            found = self.cut(taken | {element}, number - 1)
            if found is not None:
                return found
        return None

    def _alive(self, taken: Taken) -> Taken | None:
        """Return what the ways need that are left, at least one for every arm; None: it is cut.

        Once too much was looked at, no more is said to be cut.
        """
        self.left -= len(self.course.order) + 1
        if self.left < 0:
            return frozenset()
        known: dict[Place | None, Taken | None] = {}
        for place, step in _backwards(self.course):
            known[place] = self._needed(place, step, known, taken)
        return known[None]

    def _needed(
        self, place: Place | None, step: Step, known: Mapping[Place | None, Taken | None],
        taken: Taken,
    ) -> Taken | None:  # fmt: skip
        own: Taken = frozenset()
        if place is not None and (members := _members(self.course, place, self.kind)):
            hosts = zip(*members, strict=True)
            there = next((each for each in hosts if taken.isdisjoint(each)), None)
            if there is None:
                return None
            own = frozenset(there)
        if self.kind == "link" and step.link:
            link = Element("link", step.link)
            if link in taken:
                return None
            own |= {link}
        ways = [_every(copy, known) for copy in step.copies]
        if ways and all(way is None for way in ways):
            return None
        return own.union(next((way for way in ways if way is not None), ()))


def _every(copy: Copy, known: Mapping[Place | None, Taken | None]) -> Taken | None:
    """Return what all arms of a copy need; None where one has no way left."""
    found: set[Element] = set()
    for arm in copy:
        needed = next((way for place in arm if (way := known[place]) is not None), None)
        if needed is None:
            return None
        found |= needed
    return frozenset(found)


def _backwards(course: Course) -> Iterator[tuple[Place | None, Step]]:
    """Yield every place and its step, each after all that it leads to; last the root, as None."""
    yield from course.order
    yield None, course.root
