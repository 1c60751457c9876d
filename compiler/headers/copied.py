"""What is another on each copy of an event that clients send twice, at each place of the fleet.

A client posts one event to two machines, or again to one. What machines set themselves, their name
or their time, and what is made from that, tells the copies apart; all else is the same in both.
"""

from collections.abc import Iterable, Mapping, Sequence

from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import Joint, header_flow
from flumec.compiler.headers.known import Headers
from flumec.compiler.headers.making import Making, fills_gaps, making, set_by
from flumec.compiler.headers.steps import keeps
from flumec.compiler.model import Chain, Fleet, Step
from flumec.compiler.source import Span
from flumec.runtime.component import Source
from flumec.runtime.frozen import frozen

_SEVERAL = 2


@frozen
class Mark:
    """Why a header is another on each copy."""

    cause: str
    span: Span
    by_host: bool
    """Only on another host: two copies on one host have the same."""


Marks = Mapping[str, Mark]


class Copied:
    """The headers in which copies differ, once through the fleet in order."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._marks: dict[Node, Marks] = {}
        self._hosts: dict[Node, frozenset[str]] = {}
        """Of the hosts on which copies enter that come to a component, two at most."""
        flow = self._flow = header_flow(graph)
        for node in flow.order:
            joints = flow.into.get(node, ())
            entered = {host for joint in joints for host in self._hosts.get(joint.start, ())}
            if not joints:
                entered = set(_pushed(fleet, node))
            if entered:
                self._hosts[node] = frozenset(sorted(entered)[:_SEVERAL])
                self._marks[node] = self._joined(joints)

    def come_to(self, node: Node) -> bool:
        """Return whether events come to a component that clients may have sent twice."""
        return node in self._hosts

    def at(self, node: Node) -> Marks:
        """Return the headers that are another on each copy where it comes to a component."""
        return self._told(node, self._marks.get(node, {}))

    def before_end(self, agent: str, chain: Chain) -> Marks:
        """Return the same behind a chain's steps, where its route decides."""
        node = (agent, chain.start)
        return self._told(node, self._behind(node, chain, chain.steps))

    def _told(self, node: Node, marks: Marks) -> Marks:
        several = len(self._hosts.get(node, ())) >= _SEVERAL
        return {name: mark for name, mark in marks.items() if several or not mark.by_host}

    def _behind(self, start: Node, chain: Chain, steps: Sequence[Step]) -> Marks:
        """Return the same behind some of a chain's steps.

        What a step gives only to events that lack it is no mark where clients may send it.
        """
        left = dict(self._marks.get(start, {}))
        filling = any(fills_gaps(step) and making(step) != Making() for step in steps)
        before = {id(s): h for s, h in self._flow.steps(start[0], chain)} if filling else {}
        for step in steps:
            if step.declaration is not None and not _is_left_alone(step, before.get(id(step))):
                _apply(step, left)
        return left

    def _joined(self, joints: Iterable[Joint]) -> Marks:
        found: dict[str, Mark] = {}
        for joint in joints:
            edge, marks = joint.edge, self._marks.get(joint.start, {})
            if edge is not None and edge.chain is not None:
                arm = edge.arm.steps if edge.arm is not None else ()
                marks = self._behind(joint.start, edge.chain, (*edge.chain.steps, *arm))
            for name, mark in marks.items():
                found.setdefault(name, mark)
        return found


def _pushed(fleet: Fleet, node: Node) -> Iterable[str]:
    """Return the hosts of a source that clients send to."""
    agent = fleet.agents[node[0]]
    kind = agent.components[node[1]].declaration
    if kind is None or not issubclass(kind, Source) or kind.start != "acknowledgement":
        return ()
    return (host.name for host in agent.hosts.hosts)


def _is_left_alone(step: Step, before: Headers | None) -> bool:
    """Return whether a step gives its headers to none of the events that a client means to send
    twice: each has them, or may have them.
    """
    if not fills_gaps(step) or before is None:
        return False
    return all(before[name].sure or before[name].client for name in set_by(step))


def _apply(step: Step, marks: dict[str, Mark]) -> None:
    """Mark, or clear, the headers that an interceptor sets."""
    made = set_by(step)
    if not made:
        return
    mark = _mark(step, marks)
    for name in made:
        if mark is not None:
            marks[name] = mark
        elif step.declaration is not None and step.declaration.sets and not keeps(step):
            marks.pop(name, None)


def _mark(step: Step, marks: Marks) -> Mark | None:
    """Return why what a step sets is another on each copy, if it is."""
    of, sets = making(step), f"`{step.type}` sets it"
    if of.clock:
        return Mark(f"{sets} to when this copy came", step.span, by_host=False)
    if of.host:
        return Mark(f"{sets} to the machine that this copy came to", step.span, by_host=True)
    if of.varied:
        return Mark(f"{sets} to another value on each host", step.span, by_host=True)
    for part in of.headers:
        if part in marks:
            made = marks[part]
            return Mark(f"it is made from `header.{part}`; {made.cause}", step.span, made.by_host)
    return None
