"""What a check of delivery, order or a key no longer finds."""

from collections.abc import Iterator

from flumec.compiler.graph import Graph, ends
from flumec.compiler.model import Component, Group, Link, Proof
from flumec.compiler.source import Span
from mutated.example import Change, Example, behind, text_of, whole_lines
from mutated.mutant import Mutant, kind
from mutated.sites import (
    FOR_ONE,
    arms,
    chains,
    checked,
    components,
    head,
    is_spread,
    said,
    section,
    statement,
    targets,
    ways_taken,
    within,
)

SURE = ("at_least_once", "exactly_once")


def retyped(component: Component, kind_of_channel: str) -> tuple[Change, ...]:
    """Return the changes by which a channel is of another type, and says its size alone."""
    inner = [
        statement(value)
        for name, value in component.values.items()
        if name not in ("size", "when_full") and within(statement(value), component.span)
    ]
    cuts = tuple(Change(whole_lines(span), "") for span in inner)
    return (Change(component.type_span, kind_of_channel), *cuts)


@kind("FL602")
def in_memory(example: Example) -> Iterator[Mutant]:
    """A file channel under a check is in memory."""
    for _, channel, node in components(example, "channel", "file"):
        if checked(example, node, *SURE):
            yield Mutant(example, retyped(channel, "memory"), (channel.name_span,))


@kind("FL918")
def known_in_memory(example: Example) -> Iterator[Mutant]:
    """A channel in front of a `dedup` is in memory."""
    for agent, sink, _ in components(example, "sink"):
        for chain in agent.chains if "dedup" in sink.values else ():
            channel = agent.components[chain.start]
            if channel.type == "file" and sink.name in [end.name for end in ends(chain)]:
                yield Mutant(example, retyped(channel, "memory"), (sink.values["dedup"].key,))


@kind("FL602", "FL352")
def in_memory_first(example: Example) -> Iterator[Mutant]:
    """A file channel under a check spills: what is in memory is lost with the process."""
    for _, channel, node in components(example, "channel", "file"):
        if checked(example, node, *SURE):
            yield Mutant(example, retyped(channel, "spill"), (channel.name_span,))


@kind("FL602")
def optional(example: Example) -> Iterator[Mutant]:
    """A channel under a check is optional."""
    taken = ways_taken(example)
    for agent, chain in chains(example, "source"):
        asked = checked(example, (agent.name, chain.start), *SURE)
        for target in targets(chain):
            others = checked(example, (agent.name, target.name or ""), *SURE)
            asked_here = [one for one in asked if one in others]
            if not target.optional and asked_here and target.span in taken:
                yield Mutant(example, (Change(behind(target.span), "?"),))


@kind("FL602")
def drops_the_oldest(example: Example) -> Iterator[Mutant]:
    """A channel under a check drops the oldest events when it is full."""
    for _, channel, node in components(example, "channel", "file"):
        if checked(example, node, *SURE):
            change = said(channel.span, channel.values, "when_full", "drop_oldest")
            yield Mutant(example, (change,), (channel.name_span,))


@kind("FL602")
def no_request_id(example: Example) -> Iterator[Mutant]:
    """Requests have no names, where a check wants events once and no key tells copies apart."""
    for _, source, node in components(example, "source", "http"):
        proofs = checked(example, node, "exactly_once")
        if "request_id" in source.values and [one for one in proofs if "key" not in one.values]:
            cut = Change(whole_lines(statement(source.values["request_id"])), "")
            yield Mutant(example, (cut,), (source.name_span,))


def _choosing(example: Example) -> Iterator[Link]:
    for link in example.fleet.links:
        policy = link.values.get("policy")
        node = (link.sender.agent, link.sender.component)
        chooses = policy is not None and text_of(policy.span) in FOR_ONE
        if chooses and checked(example, node, "exactly_once"):
            yield link


@kind("FL602")
def resent(example: Example) -> Iterator[Mutant]:
    """A link under a check sends what is in doubt to another peer."""
    for link in _choosing(example):
        at = (head(link.span), link.values["policy"].span)
        cut = Change(whole_lines(statement(link.values["in_doubt"])), "")
        yield Mutant(example, (said(link.span, link.values, "in_doubt", "resend"),))
        yield Mutant(example, (cut,), at)


@kind("FL602")
def resent_in_a_group(example: Example) -> Iterator[Mutant]:
    """A group under a check gives what is in doubt to another member."""
    for agent, chain in chains(example, "channel"):
        node = (agent.name, chain.start)
        if isinstance(chain.end, Group) and checked(example, node, "exactly_once"):
            held = chain.end.values["in_doubt"]
            yield Mutant(example, (Change(held.span, "resend"),))
            cut = Span(held.span.source, chain.end.members[-1].span.end, held.span.end)
            yield Mutant(example, (Change(cut, ""),), (chain.end.span,))


@kind("FL602")
def poor_sink(example: Example) -> Iterator[Mutant]:
    """A sink under a check cannot take part in a commit."""
    for _, sink, node in components(example, "sink", "hdfs", "file_roll"):
        if checked(example, node, "exactly_once"):
            keep = "\n".join(
                f"    {text_of(statement(sink.values[name]))}"
                for name in ("dead_letter", "give_up")
                if name in sink.values
            )
            block = f" {{\n{keep}\n  }}" if keep else ""
            text = f"sink {sink.name} : logger{block}"
            yield Mutant(example, (Change(sink.span, text),))


@kind("FL602")
def late_is_dropped(example: Example) -> Iterator[Mutant]:
    """Under a check, what comes too late to be told from a copy is dropped."""
    for _, sink, node in components(example, "sink"):
        dedup = sink.values.get("dedup")
        if dedup is not None and checked(example, node, *SURE):
            change = said(dedup.span, section(sink.values, "dedup"), "late", "drop")
            yield Mutant(example, (change,), (dedup.key,))


@kind("FL364")
def no_dedup(example: Example) -> Iterator[Mutant]:
    """Copies are not left out any more, where a check says by which key they are known."""
    for _, sink, node in components(example, "sink"):
        if "dedup" in sink.values and [
            one for one in checked(example, node, "exactly_once") if "key" in one.values
        ]:
            held = sink.values["dedup"]
            cut = Change(whole_lines(Span(held.key.source, held.key.start, held.span.end)), "")
            yield Mutant(example, (cut,), (sink.name_span,))


def _resent(example: Example) -> list[Proof]:
    """Return the checks of ways on which a link sends again what is in doubt."""
    found: list[Proof] = []
    for link in example.fleet.links:
        policy = link.values.get("policy")
        if policy is not None and text_of(policy.span) in FOR_ONE and "in_doubt" not in link.values:
            found += checked(example, (link.sender.agent, link.sender.component))
    return found


@kind("FL361")
def copied_into_one_store(example: Example) -> Iterator[Mutant]:
    """A link copies each event to all of several hosts, which write into one store."""
    for link in example.fleet.links:
        if not is_spread(example, link):
            continue
        for end in link.targets:
            agent = example.fleet.agents[end.agent]
            for chain in agent.chains:
                for target in targets(chain) if chain.start == end.component else ():
                    path = agent.components[target.name or ""].values.get("path")
                    if path is not None and str(path.value).startswith("hdfs://"):
                        yield Mutant(example, (said(link.span, link.values, "policy", "all"),))


@kind("FL602")
def asked_for_too_much(example: Example) -> Iterator[Mutant]:
    """A check asks for more than its way can do."""
    for proof in example.fleet.proofs:
        asked = proof.values.get("delivery")
        if asked is not None and (asked.value == "best_effort" or proof in _resent(example)):
            yield Mutant(example, (Change(asked.span, "exactly_once"),))


@kind("FL605")
def nowhere(example: Example) -> Iterator[Mutant]:
    """A check asks about a sink that its source's events do not come to."""
    graph = Graph(example.fleet)
    for proof in example.fleet.proofs:
        start = proof.values["from"].value
        come_to = graph.reachable([(start.agent, start.component)])
        for agent, sink, node in components(example, "sink"):
            if node not in come_to:
                text = f"{agent.name}.{sink.name}"
                yield Mutant(example, (Change(proof.values["to"].span, text),))


@kind("FL603")
def out_of_order(example: Example) -> Iterator[Mutant]:
    """A link spreads events over several hosts under a check of their order."""
    for link in example.fleet.links:
        node = (link.sender.agent, link.sender.component)
        asked = [one for one in checked(example, node) if "order" in one.values]
        if asked and "policy" in link.values:
            change = said(link.span, link.values, "policy", "balance")
            yield Mutant(example, (change,))


@kind("FL606")
def order_of_nothing(example: Example) -> Iterator[Mutant]:
    """A check asks for the order of each key's events, and names no key."""
    for proof in example.fleet.proofs:
        order = proof.values.get("order")
        if order is not None and order.value == "key":
            cut = Change(whole_lines(statement(proof.values["key"])), "")
            yield Mutant(example, (cut,), (order.span,))


@kind("FL610")
def held_in_memory(example: Example) -> Iterator[Mutant]:
    """What a check says outlives a process is in memory."""
    for proof in example.fleet.proofs:
        faults = proof.values["survives"].value if "survives" in proof.values else ()
        killed = {str(one.values["agent"].value) for one in faults if one.kind == "kill"}
        for agent, channel, node in components(example, "channel", "file"):
            if agent.name in killed and proof in checked(example, node):
                yield Mutant(example, retyped(channel, "memory"), (channel.name_span,))


@kind("FL604", "FL602")
def other_key(example: Example) -> Iterator[Mutant]:
    """A check names another key than the one by which copies are left out."""
    for proof in example.fleet.proofs:
        end = proof.values["to"].value
        sink = example.fleet.agents[end.agent].components[end.component]
        if "key" in proof.values and "dedup" in sink.values:
            yield Mutant(example, (Change(proof.values["key"].span, "header.other"),))


@kind("FL605", "FL302")
def arm_without_the_check(example: Example) -> Iterator[Mutant]:
    """The arm of a route that leads to what is checked leads elsewhere."""
    for agent, chain, route, arm in arms(example):
        for target in arm.targets:
            others = [one for one in targets(chain) if one is not target and one.name]
            if target.name and not [one for one in others if one.name == target.name]:
                asked = checked(example, (agent.name, target.name), *SURE)
                if asked and others:
                    at = (agent.components[target.name].name_span, *(one.span for one in asked))
                    change = Change(target.span, others[0].name or "")
                    if others[0] not in arm.targets:
                        yield Mutant(example, (change,), (*at, route.span))


@kind("FL347")
def parted(example: Example) -> Iterator[Mutant]:
    """By the host that they came to, some events go past the sink that leaves copies out."""
    graph = Graph(example.fleet)
    for agent, chain in chains(example, "source"):
        source = agent.components[chain.start]
        reached = graph.reachable([(agent.name, source.name)])
        sinks = [example.fleet.agents[name].components[one] for name, one in reached]
        posted = source.type == "http" and len(agent.hosts.hosts) > 1
        if (
            posted
            and isinstance(chain.end, tuple)
            and any("dedup" in sink.values for sink in sinks)
        ):
            first, end = agent.hosts.hosts[0].name, chain.end[0].span
            arms = f'{{\n    "{first}" -> {text_of(end)}\n    else -> aside\n  }}'
            beside = "\n\n  channel aside : file\n\n  sink past : null\n\n  aside -> past"
            changes = (
                Change(behind(source.span), beside),
                Change(end, f"host() -> route header.host {arms}"),
            )
            yield Mutant(example, changes)
