"""The single elements of which each cuts a path."""

from collections import defaultdict
from collections.abc import Mapping

from flumec.compiler.cuts.alike import Alike
from flumec.compiler.cuts.circuit import Place, Step
from flumec.compiler.cuts.course import Course
from flumec.compiler.cuts.element import Element

Cutting = frozenset[Element]


def singles(course: Course) -> Cutting:
    """Return each element that cuts a course alone: of several ways one that cuts all of them, of
    arms that must all work one that cuts any. That is exact, however ways part and meet.
    """
    mine = _of_one(course)
    known: dict[Place, Cutting] = {}
    for place, step in course.order:
        known[place] = _after(step, known, mine).union(course.labels(place))
    return _after(course.root, known, mine)


def _of_one(course: Course) -> Mapping[Alike, Cutting]:
    """Return what goes with one of several hosts that are alike, whichever component it is."""
    found: dict[Alike, set[Element]] = defaultdict(set)
    for place, _ in course.order:
        if len(place.alike.hosts) > 1:
            found[place.alike].update(each for each in course.labels(place) if each.kind != "site")
    return {alike: frozenset(elements) for alike, elements in found.items()}


def _after(step: Step, known: Mapping[Place, Cutting], mine: Mapping[Alike, Cutting]) -> Cutting:
    nothing: Cutting = frozenset()

    def cutting(place: Place) -> Cutting:
        found = known[place]
        return found - mine.get(place.alike, nothing) if step.to == "any" else found

    def all_of(arm: tuple[Place, ...]) -> Cutting:
        first, *others = (cutting(place) for place in arm)
        return first.intersection(*others)

    copies = [nothing.union(*(all_of(arm) for arm in copy)) for copy in step.copies]
    found = copies[0].intersection(*copies[1:]) if copies else nothing
    return found | {Element("link", step.link)} if step.link else found
