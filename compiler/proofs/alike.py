"""Whether a header is the same on all copies of an event that come to a component.

A part of the key is, as those are copies that have one key. What is read again is the same, and so
is what steps make of the file or of the body; but not what they make of the clock, or of the host
where copies may come by several. What clients send is, if it is one of them that repeats a request:
two may send one event, each with a name of its own.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

from flumec.compiler.graph import Node
from flumec.compiler.headers.flow import OURS
from flumec.compiler.headers.making import goes_by_host, making, set_by
from flumec.compiler.headers.steps import finds, keeps
from flumec.compiler.model import Step
from flumec.compiler.proofs.key import written
from flumec.compiler.proofs.naming import is_given
from flumec.compiler.proofs.way import Way, Ways
from flumec.runtime.component import Header

_DIFFERS, _CAME = "differs", "came"
"""In place of what made a value: it may be another one on each copy, or is as clients sent it."""

Made = tuple[Hashable, ...]
"""What has made a value, in order: each as it is written in the file."""


class Likeness(NamedTuple):
    """Whether a header is the same on all copies, and whether only if it came so from clients."""

    alike: bool
    if_it_came_so: bool = False


def likeness(ways: Ways, node: Node, header: str, key: frozenset[str]) -> Likeness:
    """Return what is known of a header of an event's copies at a component, or of its absence;
    `key` is the headers of their key that are set nowhere behind the component.
    """
    if header in key:
        return Likeness(alike=True)
    made = _Making(ways, header).of(node, key, frozenset({node}))
    alike = len(made) == 1 and not any(_DIFFERS in each for each in made)
    return Likeness(alike, alike and any(_CAME in each for each in made))


@dataclass(frozen=True, slots=True)
class _Making:
    ways: Ways
    header: str

    def of(self, node: Node, key: frozenset[str], behind: frozenset[Node]) -> set[Made]:
        """Return what has made the values at a component that events come to, by each way."""
        if (source := self.ways.source(node)) is not None:
            if _sets(self.ways, node, self.header):
                return {(_DIFFERS,)}
            return {(_CAME,) if is_given(source) else ()}
        found = set[Made]()
        for way in self.ways.into(node):
            made, left = self._along(way, key)
            if left is None:
                found.add(made)
            elif way.start not in behind:
                before = self.of(way.start, left, behind | {way.start})
                found |= {(*each, *made) for each in before}
        return found

    def _along(self, way: Way, key: frozenset[str]) -> tuple[Made, frozenset[str] | None]:
        """Return what makes values on a way, and which headers of the key are still what they were
        before it; None where all that is asked is known.
        """
        made: Made = ()
        if way.kind == "letters":
            if self.header in OURS:
                return (_DIFFERS,), None
            key -= {*OURS}
        for step in reversed(way.steps):
            sets = set_by(step)
            if self.header in sets:
                made = (_by(self.ways, way.start, step, key), *made)
            if keeps(step):
                continue
            if not finds(step) and (
                self.header in sets or (key & sets and self.header in making(step).headers)
            ):
                return made, None
            key -= sets
        return made, key


def _sets(ways: Ways, node: Node, header: str) -> bool:
    """Return whether a source itself gives its events a header."""
    component, source = ways.component(node), ways.source(node)
    if component is None or source is None:
        return False
    values = (component.values.get(name) for name in source.sets)
    named = {str(held.value) for held in values if held and isinstance(held.value, Header)}
    return header in named | source.marks.keys()


def _by(ways: Ways, node: Node, step: Step, key: frozenset[str]) -> Hashable:
    """Return what tells of a step of a component's chain that it gives copies one value, if those
    headers of the key are what they were before it.
    """
    of, source, agent = making(step), ways.source(node), ways.fleet.agents[node[0]]
    stays = source is not None and not is_given(source)
    if (
        of.clock
        or not key.issuperset(of.headers)
        or (not stays and goes_by_host(step, agent.hosts.hosts))
    ):
        return _DIFFERS
    return id(step) if of.body else written(step, agent)
