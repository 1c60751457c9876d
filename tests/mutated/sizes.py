"""Rates, sizes and times that do not fit each other any more."""

import re
from collections.abc import Iterator

from flumec.compiler.graph import Node
from flumec.compiler.model import Component, Fault, Group, Proof
from flumec.compiler.source import Span
from mutated.example import Change, Example, text_of, whole_lines
from mutated.mutant import Mutant, kind
from mutated.sites import chains, checked, components, said, section, statement, targets, within

SURE = ("at_least_once", "exactly_once")


def _timed(example: Example) -> Iterator[Proof]:
    """Yield the checks that say a rate and survive an outage."""
    for proof in example.fleet.proofs:
        faults = proof.values["survives"].value if "survives" in proof.values else ()
        if "rate" in proof.values and any(fault.kind == "outage" for fault in faults):
            yield proof


def _kept(example: Example, proof: Proof) -> bool:
    """Whether what a source has to wait for is kept, so that no channel need have room."""
    start = proof.values["from"].value
    return "keeps" in example.fleet.agents[start.agent].components[start.component].values


@kind("FL601")
def small_channel(example: Example) -> Iterator[Mutant]:
    """The channel before a sink is too small for the outage that a check survives."""
    for proof, channel, node in _before_sinks(example):
        if not _kept(example, proof):
            change = said(channel.span, channel.values, "size", "2MiB")
            called = (f"{node[0]}.{node[1]}",)
            yield Mutant(example, (change,), (channel.name_span,), called)


def _before_sinks(example: Example) -> Iterator[tuple[Proof, Component, Node]]:
    """Yield the file channels that the sinks of timed checks read."""
    for proof in _timed(example):
        end = proof.values["to"].value
        agent = example.fleet.agents[end.agent]
        for chain in agent.chains:
            channel = agent.components[chain.start]
            if channel.type == "file" and end.component in [one.name for one in targets(chain)]:
                yield proof, channel, (agent.name, channel.name)


@kind("FL601", "FL611", "FL612")
def high_rate(example: Example) -> Iterator[Mutant]:
    """A source has a rate that its channels have no room for, as long as an outage lasts."""
    for proof in _timed(example):
        if _kept(example, proof):
            continue
        yield Mutant(
            example, (Change(proof.values["rate"].span, "2GB/s"),), (proof.values["survives"].span,)
        )


@kind("FL601")
def long_outage(example: Example) -> Iterator[Mutant]:
    """An outage lasts for longer than there is room."""
    for proof in _timed(example):
        for fault in proof.values["survives"].value:
            if fault.kind == "outage":
                yield Mutant(example, (Change(fault.values["duration"].span, "400d"),))


@kind("FL601")
def long_cut(example: Example) -> Iterator[Mutant]:
    """A link is cut for longer than there is room."""
    for fault in _cuts(example):
        yield Mutant(example, (Change(fault.values["duration"].span, "400d"),))


@kind("FL613")
def nothing_comes(example: Example) -> Iterator[Mutant]:
    """A check survives an outage, and says no more how much comes to its source."""
    for proof in _timed(example):
        cuts = [whole_lines(statement(proof.values[name])) for name in ("rate", "peak")
                if name in proof.values]  # fmt: skip
        changes = tuple(Change(cut, "") for cut in cuts)
        yield Mutant(example, changes, (proof.values["survives"].span,))


@kind("FL623")
def endless_cut(example: Example) -> Iterator[Mutant]:
    """A link is cut, and nothing says for how long."""
    for fault in _cuts(example):
        link, duration = fault.values["link"].span, fault.values["duration"].span
        said_so = Span(link.source, link.start, duration.end)
        yield Mutant(example, (Change(said_so, text_of(link)),))


def _cuts(example: Example) -> Iterator[Fault]:
    for proof in example.fleet.proofs:
        for fault in proof.values["survives"].value if "survives" in proof.values else ():
            if fault.kind == "cut" and "duration" in fault.values:
                yield fault


@kind("FL620")
def small_disk(example: Example) -> Iterator[Mutant]:
    """A host's disk holds less than its channels may."""
    yield from _fact(example, "disk", "100MiB")


@kind("FL621")
def small_memory(example: Example) -> Iterator[Mutant]:
    """A host's memory holds less than its channels may."""
    yield from _fact(example, "memory", "64MiB")


@kind("FL622", "FL624")
def slow_network(example: Example) -> Iterator[Mutant]:
    """A host's network is too slow to catch up in time after an outage."""
    for proof in _timed(example):
        if "catches_up" in proof.values:
            for mutant in _fact(example, "nic", "210kB/s"):
                yield Mutant(example, mutant.changes, (proof.values["survives"].span,))


@kind("FL624")
def caught_up_at_once(example: Example) -> Iterator[Mutant]:
    """All is to be caught up sooner than networks can."""
    for proof in _timed(example):
        if "catches_up" in proof.values:
            yield Mutant(
                example,
                (Change(proof.values["catches_up"].span, "1s"),),
                (proof.values["survives"].span,),
            )


@kind("FL625")
def speed_not_said(example: Example) -> Iterator[Mutant]:
    """A check says when all is caught up, and a host not how fast its network is."""
    for proof in _timed(example):
        if "catches_up" in proof.values:
            for source in example.fleet.sources:
                for found in re.finditer(r"^  nic = \S+\n", source.text, re.MULTILINE):
                    change = Change(Span(source, *found.span()), "")
                    yield Mutant(example, (change,), (proof.values["survives"].span,))


@kind("FL626")
def slow_store(example: Example) -> Iterator[Mutant]:
    """A store takes less than comes to it."""
    for proof in _timed(example):
        end = proof.values["to"].value
        sink = example.fleet.agents[end.agent].components[end.component]
        change = said(sink.span, sink.values, "takes", "1kB/s")
        yield Mutant(example, (change,), (sink.name_span,), (f"{end.agent}.{sink.name}",))


@kind("FL627")
def files_unread(example: Example) -> Iterator[Mutant]:
    """What follows files is down for longer than rotation keeps them."""
    for proof in _timed(example):
        start = proof.values["from"].value
        if example.fleet.agents[start.agent].components[start.component].type == "taildir":
            fault = proof.values["survives"].value[0]
            yield Mutant(example, (Change(fault.span, f"kill({start.agent}, down = 400d)"),))


def _fact(example: Example, name: str, text: str) -> Iterator[Mutant]:
    for source in example.fleet.sources:
        for found in re.finditer(rf"^  {name} = (\S+)$", source.text, re.MULTILINE):
            yield Mutant(example, (Change(Span(source, *found.span(1)), text),))


@kind("FL610", "FL611")
def more_killed(example: Example) -> Iterator[Mutant]:
    """More hosts go at once than there are others."""
    for proof in example.fleet.proofs:
        for fault in proof.values["survives"].value if "survives" in proof.values else ():
            if fault.kind == "lose" and "count" in fault.values:
                yield Mutant(example, (Change(fault.values["count"].span, "3"),))


@kind("FL610", "FL611")
def lost_for_good(example: Example) -> Iterator[Mutant]:
    """An agent that was to come back is lost with its disk."""
    for proof in example.fleet.proofs:
        for fault in proof.values["survives"].value if "survives" in proof.values else ():
            if fault.kind == "kill":
                start = fault.span.start
                yield Mutant(example, (Change(Span(fault.span.source, start, start + 4), "lose"),))


@kind("FL628")
def never_replaced(example: Example) -> Iterator[Mutant]:
    """Hosts are lost that a link waits for, and nothing says how soon they are replaced."""
    for fault in _replaced(example):
        last = fault.values["replaced"].span
        start = last.source.text.rindex(",", fault.span.start, last.start)
        yield Mutant(example, (Change(Span(last.source, start, last.end), ""),), (fault.span,))


@kind("FL601")
def replaced_late(example: Example) -> Iterator[Mutant]:
    """A lost host is replaced when channels have been full for long."""
    for fault in _replaced(example):
        yield Mutant(example, (Change(fault.values["replaced"].span, "400d"),))


def _replaced(example: Example) -> Iterator[Fault]:
    for proof in example.fleet.proofs:
        for fault in proof.values["survives"].value if "survives" in proof.values else ():
            if "replaced" in fault.values:
                yield fault


@kind("FL344")
def short_window(example: Example) -> Iterator[Mutant]:
    """Copies are remembered for less time than an outage may hold them back."""
    for proof in _timed(example):
        end = proof.values["to"].value
        sink = example.fleet.agents[end.agent].components[end.component]
        dedup = sink.values.get("dedup")
        if dedup is not None:
            change = said(dedup.span, section(sink.values, "dedup"), "window", "30m")
            yield Mutant(example, (change,), (dedup.key,))


@kind("FL909")
def large_rolls(example: Example) -> Iterator[Mutant]:
    """Files that a sink may have open are larger, together, than its channel."""
    for _, sink, _ in components(example, "sink"):
        size = section(sink.values, "roll").get("size")
        by_header = "path" in sink.values and "%{" in text_of(sink.values["path"].span)
        # A smaller one is that of a sink that has one folder at a time.
        if by_header and size is not None and size.value >= 64 << 20:
            at = tuple(
                sink.values[name].key for name in ("max_open", "roll") if name in sink.values
            )
            changes = (Change(size.span, "50GiB"), _late(sink))
            yield Mutant(example, changes, at)


@kind("FL909")
def large_file(example: Example) -> Iterator[Mutant]:
    """The only file that a sink writes at a time is larger than its channel."""
    for _, sink, _ in components(example, "sink", "file_roll", "hdfs"):
        roll, path = section(sink.values, "roll"), sink.values.get("path")
        if roll and (path is None or "%{" not in text_of(path.span)):
            change = said(sink.values["roll"].span, roll, "size", "1TiB")
            yield Mutant(example, (change, _late(sink)), (sink.values["roll"].key,))


def _late(sink: Component) -> Change:
    """Return the change by which no file is rolled for its age before it is full."""
    return said(sink.values["roll"].span, section(sink.values, "roll"), "every", "365d")


@kind("FL346")
def gives_up_sooner(example: Example) -> Iterator[Mutant]:
    """A sink gives events up before the outage is over that a check survives."""
    for proof in _timed(example):
        end = proof.values["to"].value
        sink = example.fleet.agents[end.agent].components[end.component]
        if "give_up" in sink.values:
            change = said(sink.span, sink.values, "give_up", "after(10m)")
            yield Mutant(example, (change,), (sink.name_span,))


@kind("FL353")
def hasty_member(example: Example) -> Iterator[Mutant]:
    """A member of a group gives up before the others get what it has."""
    for agent, chain in chains(example, "channel"):
        for member in chain.end.members if isinstance(chain.end, Group) else ():
            sink = agent.components[member.name]
            if "give_up" in sink.values:
                yield Mutant(example, (Change(sink.values["give_up"].span, "after(2s)"),))


@kind("FL601")
def kept_too_short(example: Example) -> Iterator[Mutant]:
    """Rotated files are not kept for as long as their source may have to wait."""
    for agent, source, node in components(example, "source", "taildir"):
        if "keeps" in source.values and checked(example, node, *SURE):
            change = Change(source.values["keeps"].span, "10m")
            yield Mutant(example, (change,), (), (f"{agent.name}.{source.name}", agent.name))


@kind("FL601")
def no_room_at_all(example: Example) -> Iterator[Mutant]:
    """The channel before a sink under a check has the size that it has if none is said."""
    for proof, channel, node in _before_sinks(example):
        size = channel.values.get("size")
        if size is not None and size.value > 8 << 30 and not _kept(example, proof):
            cut = statement(size)
            if within(cut, channel.span):
                change, called = Change(whole_lines(cut), ""), (f"{node[0]}.{node[1]}",)
                yield Mutant(example, (change,), (channel.name_span,), called)
