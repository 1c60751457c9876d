"""What is another on each copy of an event that clients send twice, at each place of the fleet.

A client posts one event to two machines, or again to one. What machines set themselves, their name
or their time, and what is made from that, tells the copies apart; all else is the same in both.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from flumec.compiler.choice import hashed_by
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import Joint, header_flow
from flumec.compiler.headers.known import Headers
from flumec.compiler.headers.making import Making, fills_gaps, making, set_by, told_on_some
from flumec.compiler.headers.steps import finds, keeps
from flumec.compiler.headers.together import Whereabouts, across, among, joined
from flumec.compiler.model import Chain, Fleet, Step
from flumec.compiler.source import Span
from flumec.runtime.component import Source
from flumec.runtime.frozen import frozen

Some = TypeVar("Some", bound=Hashable)

_SEVERAL = 2


@frozen
class Mark:
    """Why a header may be another on each copy."""

    cause: str
    span: Span
    values: frozenset[Hashable] = frozenset()
    """What stands for the values that it may have, two at most; none: another one each time."""

    @property
    def by_host(self) -> bool:
        """Whether it goes by the host: two copies on one host have the same."""
        return bool(self.values)

    @property
    def differs(self) -> bool:
        """Whether two copies may have two values."""
        return not self.values or len(self.values) >= _SEVERAL

    @property
    def said(self) -> str:
        """How a message says that it does."""
        return f"{'may be' if self.by_host else 'is'} another on each copy"

    def or_else(self, other: "Mark | None") -> "Mark":
        """Return why it may be another where some copies have it by another way."""
        if other is None or not self.values:
            return self
        return self.or_any(other.values) if other.values else other

    def or_any(self, values: Iterable[Hashable]) -> "Mark":
        """Return the same where it may have other values, too."""
        return Mark(self.cause, self.span, _few((*self.values, *values)))


Marks = Mapping[str, Mark]


class Copied:
    """The headers in which copies differ, once through the fleet in order."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._fleet = fleet
        self._links = {link.sender.node: link for link in fleet.links}
        self._marks: dict[Node, Marks] = {}
        self._places: dict[Node, Whereabouts] = {}
        self._entered: dict[Node, frozenset[Node]] = {}
        """Of the sources by which copies enter that come to a component, two at most."""
        flow = self._flow = header_flow(graph)
        for node in flow.order:
            joints = [joint for joint in flow.into.get(node, ()) if joint.start in self._entered]
            if not flow.into.get(node) and _is_pushed(fleet, node):
                self._entered[node] = frozenset({node})
                self._places[node] = among(fleet.agents[node[0]].hosts.hosts)
            elif joints:
                entered = {source for joint in joints for source in self._entered[joint.start]}
                self._entered[node] = _few(sorted(entered))
                self._places[node] = joined(self._along(node, joint) for joint in joints)
                self._marks[node] = self._joined(joints)

    def come_to(self, node: Node) -> bool:
        """Return whether events come to a component that clients may have sent twice."""
        return node in self._entered

    def at(self, node: Node) -> Marks:
        """Return the headers that may be another on each copy where it comes to a component."""
        return _differing(self._marks.get(node, {}))

    def before_end(self, agent: str, chain: Chain) -> Marks:
        """Return the same behind a chain's steps, where its route decides."""
        return _differing(self._behind((agent, chain.start), chain, chain.steps))

    def _along(self, node: Node, joint: Joint) -> Whereabouts:
        """Return where copies are that come to a component by one way."""
        here, link = self._places[joint.start], self._links.get(joint.start)
        if link is None or joint.edge is None or joint.edge.kind != "link":
            return here
        mark = self._marks.get(joint.start, {}).get(hashed_by(link) or "")
        same = () if mark is None else None if mark.differs else mark.values
        return across(self._fleet, link, here, self._fleet.agents[node[0]].hosts.hosts, same)

    def _behind(self, start: Node, chain: Chain, steps: Sequence[Step]) -> Marks:
        """Return the same behind some of a chain's steps.

        What a step gives only to events that lack it is no mark where clients may send it.
        """
        left, place = dict(self._marks.get(start, {})), self._places.get(start, among(()))
        filling = any(fills_gaps(step) and making(step) != Making() for step in steps)
        before = {id(s): h for s, h in self._flow.steps(start[0], chain)} if filling else {}
        for step in steps:
            if step.declaration is not None and not _is_left_alone(step, before.get(id(step))):
                _apply(step, left, place)
        return left

    def _joined(self, joints: Sequence[Joint]) -> Marks:
        ways = [(self._made(joint), self._entered[joint.start]) for joint in joints]
        found: dict[str, Mark] = {}
        for name in dict.fromkeys(name for marks, _ in ways for name in marks):
            having = [(marks[name], entered) for marks, entered in ways if name in marks]
            mark = having[0][0]
            for other, _ in having[1:]:
                mark = mark.or_else(other)
            known = {source for _, entered in having for source in entered}
            elsewhere = any(name not in marks and not entered <= known for marks, entered in ways)
            found[name] = mark.or_any((None,)) if elsewhere and mark.by_host else mark
        return found

    def _made(self, joint: Joint) -> Marks:
        edge = joint.edge
        if edge is None or edge.chain is None:
            return self._marks.get(joint.start, {})
        arm = edge.arm.steps if edge.arm is not None else ()
        return self._behind(joint.start, edge.chain, (*edge.chain.steps, *arm))


def _differing(marks: Marks) -> Marks:
    return {name: mark for name, mark in marks.items() if mark.differs}


def _few(values: Iterable[Some]) -> frozenset[Some]:
    found = set[Some]()
    for value in values:
        found.add(value)
        if len(found) >= _SEVERAL:
            break
    return frozenset(found)


def _is_pushed(fleet: Fleet, node: Node) -> bool:
    """Whether a component is a source that clients send to."""
    kind = fleet.agents[node[0]].components[node[1]].declaration
    return kind is not None and issubclass(kind, Source) and kind.start == "acknowledgement"


def _is_left_alone(step: Step, before: Headers | None) -> bool:
    """Return whether a step gives its headers to none of the events that a client means to send
    twice: each has them, or may have them.
    """
    if not fills_gaps(step) or before is None:
        return False
    return all(before[name].sure or before[name].client for name in set_by(step))


def _apply(step: Step, marks: dict[str, Mark], place: Whereabouts) -> None:
    """Mark, or clear, the headers that an interceptor sets where copies are."""
    made = set_by(step)
    if not made:
        return
    mark, leaves = _mark(step, marks, place), keeps(step) or finds(step)
    for name in made:
        if mark is not None:
            marks[name] = mark.or_else(marks.get(name)) if leaves else mark
        elif not leaves:
            marks.pop(name, None)


def _mark(step: Step, marks: Marks, place: Whereabouts) -> Mark | None:
    """Return why what a step sets may be another on each copy, if it may."""
    of, sets, own = making(step), f"`{step.type}` sets it", frozenset[Hashable]()
    if of.clock:
        return Mark(f"{sets} to when this copy came", step.span)
    parts = [(part, marks[part]) for part in of.headers if part in marks]
    if of.host or of.varied:
        what = "to the machine" if of.host else "by the machine"
        own = _told(step, place)
        mark = Mark(f"{sets} {what} that this copy came to", step.span, own)
        if mark.differs or not parts:
            return mark
    if not parts:
        return None
    part, made = next((each for each in parts if each[1].differs), parts[0])
    values = made.values if made.differs else frozenset({(own, *(m.values for _, m in parts))})
    return Mark(f"it is made from `header.{part}`; {made.cause}", step.span, values)


def _told(step: Step, place: Whereabouts) -> frozenset[Hashable]:
    """Return what stands for the values that a step gives copies by their hosts; for one where no
    hosts are known, which was reported.
    """
    told = told_on_some(step, place.hosts)
    if len(told) < _SEVERAL:
        return frozenset({told})
    return told if place.spot is None else frozenset({(told, place.spot)})
