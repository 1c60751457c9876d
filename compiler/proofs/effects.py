"""What each failure does to events at each place of a fleet: in a component, and on a way on.

What a component declares of itself is asked of its class; what follows from how components are
joined stands here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flumec.compiler.bind.properties import complete
from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Node, ends
from flumec.compiler.lying import is_on_disk
from flumec.compiler.model import Agent, Component, Group, Link
from flumec.compiler.proofs.claim import TOLD_APART, Copies, Effect, Failure, Harm
from flumec.compiler.proofs.fanning import has_several_peers
from flumec.compiler.proofs.way import Way, Ways, said
from flumec.compiler.unsynced import syncing_late
from flumec.runtime.component import Channel, Sink, Source
from flumec.runtime.risk import Risk
from flumec.runtime.sources.link import LinkSource

_ENDS = (Failure.KILLED, Failure.POWER_CUT)
_UNANSWERED = (Failure.SERVER_RESTARTED, Failure.CONNECTION_CUT, Failure.REPLY_LOST)
_SENT_AGAIN = (Failure.CONNECTION_CUT, Failure.REPLY_LOST, Failure.BUNDLE_CHANGED)
_ONE_FIRST_PUT = Copies(tag=True, apart=False)
_PUT_ANEW = Copies(tag=False, apart=False)
_ELSEWHERE = Copies(tag=True, apart=True)
_PUT_ANEW_ELSEWHERE = Copies(tag=False, apart=True, alike=False)
_POSTED_ANEW = Copies(tag=False, apart=True)


class Effects:
    """Asked place by place; what is the same for several ways is made once."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._at: dict[Node, tuple[Effect, ...]] = {}
        self._several: dict[int, bool] = {}

    def at(self, node: Node) -> tuple[Effect, ...]:
        """Return what failures do to events in a component."""
        if node not in self._at:
            self._at[node] = tuple(self._of(node))
        return self._at[node]

    def along(self, way: Way, *, buried: bool = False) -> Iterator[Effect]:
        """Yield what failures do to events on their way on from a component; `buried` is whether
        what is given up there comes to the same sink.
        """
        component = self._ways.component(way.start)
        agent = self._ways.fleet.agents[way.start[0]]
        if component is None or way.kind == "letters":
            return
        if component.kind == "source":
            yield from self._put(agent, component, way)
        elif way.kind == "link" and way.link is not None:
            yield from self._sent(
                way.link, way.start, _PUT_ANEW_ELSEWHERE if buried else _ELSEWHERE
            )
            yield from self._sent_anew(way.link, way.end)
        else:
            yield from self._delivered(agent, component, way)

    def of_letters(self, way: Way) -> Iterator[Effect]:
        """Yield what loses events once they are given up, in the channel that keeps them."""
        for effect in self.at(way.end):
            if effect.harm is Harm.LOSES and effect.failure not in TOLD_APART:
                yield replace(effect, late=effect.late or way.late)

    def assumed_to_stay(self, node: Node) -> Iterator[str]:
        """Yield for how long a source's files must outlast that they are read."""
        source, agent = self._ways.source(node), self._ways.fleet.agents[node[0]]
        if source is None or not source.reads or not agent.journals:
            return
        home = self._ways.lying.of(agent).homes.get(node[1], "")
        if (late := syncing_late(agent).get(home)) is not None:
            yield f"what was read stays for {late.value} more, as its journal is synced so often"

    def several_peers(self, link: Link) -> bool:
        """Return whether a sender has several peers; asked once for a link."""
        if id(link) not in self._several:
            self._several[id(link)] = has_several_peers(self._ways.fleet, link)
        return self._several[id(link)]

    def _of(self, node: Node) -> Iterator[Effect]:
        component = self._ways.component(node)
        declaration = None if component is None else component.declaration
        if component is None or declaration is None:
            return
        several = len(self._ways.fleet.agents[node[0]].hosts.hosts) > 1
        copies = Copies(tag=False, apart=several) if component.kind == "source" else None
        for risk in risks_of(self._ways, node):
            held = component.values.get(risk.property)
            span = component.type_span if held is None else held.span
            yield Effect(
                risk.failure, risk.harm, node, span, risk.reason, risk.cure,
                copies if risk.harm is Harm.REPEATS else None, risk.unless, risk.late,
            )  # fmt: skip
        again = self._read_again(node) if component.kind == "source" else _PUT_ANEW
        yield from _when_lost(component, declaration, node, again)

    def _put(self, agent: Agent, source: Component, way: Way) -> Iterator[Effect]:
        """Yield what a put may do to one of its channels."""
        if _is_optional(way):
            yield Effect(
                Failure.ALWAYS, Harm.LOSES, way.start, way.span,
                f"`{way.end[1]}?` is left out while it is full", f"`{way.end[1]}`, without the `?`",
            )  # fmt: skip
        if not agent.journals:
            return
        channels, homes = self._ways.lying.of(agent)
        home = homes.get(source.name, "")
        if channels.get(way.end[1]) != home:
            by_link = source.declaration is LinkSource
            for failure in (*_ENDS, *(_SENT_AGAIN if by_link else ())):
                yield Effect(
                    failure, Harm.REPEATS, way.start, way.span,
                    "what is stored in a second journal, and not yet in its own, is stored there "
                    "again",
                    f"one journal for all that `{source.name}` feeds",
                    _ONE_FIRST_PUT if by_link else self._read_again(way.start),
                )  # fmt: skip
        elif not _is_read_again(source) and (late := syncing_late(agent).get(home)) is not None:
            yield Effect(
                Failure.POWER_CUT, Harm.LOSES, way.start, late.span,
                f"what was acknowledged in the last {late.value} is not synced yet",
                "`sync = commit` in its journal",
            )  # fmt: skip

    def _read_again(self, node: Node) -> Copies:
        """Return what the copies have in common that a source makes of what it reads twice."""
        source, values = self._ways.source(node), values_of(self._ways, node)
        if source is None or values is None:
            return _PUT_ANEW
        unlike, torn = source.unlike(values)
        return replace(_PUT_ANEW, unlike=unlike, torn=torn)

    def _sent(self, link: Link, node: Node, copies: Copies) -> Iterator[Effect]:
        policy = policy_of(link)
        chosen = policy in ("failover", "balance") and self.several_peers(link)
        if not chosen or said(link.values, "in_doubt", "resend") == "wait":
            return
        held = link.values.get("in_doubt") or link.values.get("policy")
        span = link.span if held is None else held.span
        for failure in (*_SENT_AGAIN, *_ENDS):
            yield Effect(
                failure, Harm.REPEATS, node, span,
                "what a peer that is gone may have is sent to another one",
                "`in_doubt = wait` in the link", copies,
            )  # fmt: skip

    def _sent_anew(self, link: Link, end: Node) -> Iterator[Effect]:
        """Yield what a sender may send twice as a receiver is lost that had it, and passed it on.

        By itself it sends elsewhere what was in doubt, where the file says `resend`; else a person
        has it go on (`flumec link settle`).
        """
        elsewhere = policy_of(link) in ("failover", "balance") and self.several_peers(link)
        why = "what it passed on and had not acknowledged is sent again"
        for failure in (Failure.DISK_LOST, Failure.HOST_LOST):
            apart = elsewhere or failure is Failure.HOST_LOST
            copies = Copies(tag=True, apart=apart)
            yield Effect(failure, Harm.REPEATS, end, link.span, why, "", copies)

    def _delivered(self, agent: Agent, channel: Component, way: Way) -> Iterator[Effect]:
        sink = agent.components.get(way.end[1])
        if sink is None or not isinstance(sink.declaration, type):
            return
        is_kept = is_on_disk(channel)
        if _commits_nothing(sink) and is_kept:
            for failure in _ENDS:
                yield Effect(
                    failure, Harm.REPEATS, way.end, sink.type_span,
                    f"`{sink.type}` delivers again what was under way when it ended",
                    "a sink that commits, such as `file_roll` or `hdfs`", _ONE_FIRST_PUT,
                )  # fmt: skip
        if not is_kept and (dedup := sink.values.get("dedup")) is not None:
            for failure in (*_ENDS, Failure.BUNDLE_CHANGED):
                yield Effect(
                    failure, Harm.REPEATS, way.end, dedup.key,
                    "the keys of what it wrote end with the process, as does what it reads",
                    "a channel on disk in front of it",
                )  # fmt: skip
        group = way.edge.chain.end if way.edge is not None and way.edge.chain is not None else None
        if isinstance(group, Group) and said(group.values, "in_doubt", "resend") == "resend":
            held = group.values.get("in_doubt")
            members = (agent.components.get(member.name or "") for member in group.members)
            ends = _ENDS if is_kept and any(map(_commits_nothing, members)) else ()
            for failure in (*_UNANSWERED, *ends):
                yield Effect(
                    failure, Harm.REPEATS, way.start, group.span if held is None else held.span,
                    "what a member that fails may have published goes to another one",
                    f"`{group.kind}(…, in_doubt = wait)`", _ONE_FIRST_PUT,
                )  # fmt: skip


def risks_of(ways: Ways, node: Node) -> Sequence[Risk]:
    """Return what a component declares of itself that failures do, with its values on a host."""
    component, values = ways.component(node), values_of(ways, node)
    if component is None or component.declaration is None or values is None:
        return ()
    return tuple(component.declaration.risks(values))


def values_of(ways: Ways, node: Node) -> dict[str, Any] | None:
    """Return a component's values on the first of its hosts; None where one has a mistake."""
    component = ways.component(node)
    if component is None or component.declaration is None:
        return None
    hosts = ways.fleet.agents[node[0]].hosts.hosts
    return complete(component.declaration, component.values, hosts[0] if hosts else None)


def _when_lost(
    component: Component, declaration: type, node: Node, again: Copies
) -> Iterator[Effect]:
    """Yield what is lost with a host or a disk, for good."""
    span = component.type_span
    if issubclass(declaration, Channel):
        why = "what it holds is on that host alone"
        yield Effect(Failure.HOST_LOST, Harm.LOSES, node, span, why)
        on_disk = "what it holds is on that disk"
        why = on_disk if declaration.on_disk else "its process, and what it holds, ends with that"
        yield Effect(Failure.DISK_LOST, Harm.LOSES, node, span, why)
    elif issubclass(declaration, Source) and declaration.start == "line":
        if declaration.reads:
            why = "what it has not read yet is on that host"
            yield Effect(Failure.HOST_LOST, Harm.LOSES, node, span, why)
        why = "how far it had read is on that disk"
        yield Effect(Failure.DISK_LOST, Harm.REPEATS, node, span, why, "", again)
    elif issubclass(declaration, Source) and _is_answered(declaration):
        why = "what it passed on and had not answered comes again, and is not known"
        for failure in (Failure.DISK_LOST, Failure.HOST_LOST):
            yield Effect(failure, Harm.REPEATS, node, span, why, "", _POSTED_ANEW)
    elif component.values.get("dedup") is not None:
        held = component.values["dedup"]
        for failure, where in ((Failure.DISK_LOST, "disk"), (Failure.HOST_LOST, "host")):
            why = f"the keys of what it wrote are on that {where}"
            yield Effect(failure, Harm.REPEATS, node, held.key, why)


def _is_optional(way: Way) -> bool:
    """Return whether the way ends at a `channel?` that is not named without its `?` as well."""
    edge = way.edge
    if edge is None or edge.chain is None:
        return False
    named = [
        target
        for target in ends(edge.chain)
        if target.name == way.end[1] and target.span == edge.span
    ]
    return any(target.optional for target in named)


def _is_read_again(source: Component) -> bool:
    return bool(getattr(source.declaration, "replayable", False))


def _is_answered(source: type[Source]) -> bool:
    """Return whether clients send to a source, and again what it did not answer."""
    return source.start == "acknowledgement" and not source.replayable


def _commits_nothing(sink: Component | None) -> bool:
    """Return whether a sink has delivered something as soon as it has it."""
    declared = None if sink is None else sink.declaration
    return declared is not None and issubclass(declared, Sink) and declared.commit == "none"
