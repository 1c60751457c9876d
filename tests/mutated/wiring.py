"""Chains, routes, groups and links."""

from collections.abc import Iterator

from flumec.compiler.model import Group
from flumec.compiler.source import Span
from mutated.example import Change, Example, behind, text_of, whole_lines
from mutated.mutant import Mutant, kind
from mutated.sites import (
    FOR_ONE,
    agents,
    arms,
    chains,
    components,
    head,
    is_spread,
    said,
    statement,
    steps,
    targets,
    within,
)


@kind("FL301", "FL307")
def no_reader(example: Example) -> Iterator[Mutant]:
    """The chain from a channel to its sink is left out."""
    for agent, chain in chains(example, "channel"):
        at = agent.components[chain.start].name_span
        yield Mutant(example, (Change(whole_lines(chain.span), ""),), (at,))


@kind("FL302", "FL307")
def no_writer(example: Example) -> Iterator[Mutant]:
    """The chain of a source is left out."""
    for agent, chain in chains(example, "source"):
        at = agent.components[chain.start].name_span
        yield Mutant(example, (Change(whole_lines(chain.span), ""),), (at,))


@kind("FL301", "FL302", "FL326")
def no_link(example: Example) -> Iterator[Mutant]:
    """A link is left out."""
    for link in example.fleet.links:
        sender = example.fleet.agents[link.sender.agent].components[link.sender.component]
        yield Mutant(example, (Change(whole_lines(link.span), ""),), (sender.name_span,))


@kind("FL302")
def one_copy_less(example: Example) -> Iterator[Mutant]:
    """One of several channels at a chain's end is left out."""
    for agent, chain, _, arm in arms(example):
        if len(arm.targets) > 1:
            gone = arm.targets[-1]
            others = [one.name for one in targets(chain) if one is not gone]
            if gone.name not in others:
                cut = Span(gone.span.source, arm.targets[-2].span.end, gone.span.end)
                at = agent.components[gone.name or ""].name_span
                yield Mutant(example, (Change(cut, ""),), (at,))


@kind("FL302")
def arm_dropped(example: Example) -> Iterator[Mutant]:
    """An arm of a route drops what went to a channel that nothing else writes into."""
    for agent, chain, _, arm in arms(example):
        names = {target.name for target in arm.targets}
        others = {one.name for one in targets(chain) if one not in arm.targets}
        if None not in names and not names & others:
            place = Span(arm.span.source, arm.targets[0].span.start, arm.targets[-1].span.end)
            at = tuple(agent.components[name or ""].name_span for name in names)
            yield Mutant(example, (Change(place, "drop"),), at)


@kind("FL303")
def two_consumers(example: Example) -> Iterator[Mutant]:
    """A sink's chain begins at a channel that another sink reads."""
    for agent in agents(example):
        reading = [one for one in agent.chains if agent.components[one.start].kind == "channel"]
        for chain in reading:
            for other in reading:
                if other.start != chain.start:
                    yield Mutant(example, (Change(chain.start_span, other.start),))


@kind("FL308")
def sink_reads_twice(example: Example) -> Iterator[Mutant]:
    """A channel's chain ends in a sink that reads another channel."""
    for agent in agents(example):
        reading = [
            one for one in agent.chains
            if agent.components[one.start].kind == "channel" and isinstance(one.end, tuple)
        ]  # fmt: skip
        for chain in reading:
            for other in reading:
                if other is not chain:
                    yield Mutant(
                        example,
                        (Change(targets(chain)[0].span, text_of(targets(other)[0].span)),),
                    )


@kind("FL305")
def past_the_channel(example: Example) -> Iterator[Mutant]:
    """A source's chain ends in the sink, past the channel."""
    for agent, chain in chains(example, "source"):
        sinks = {
            one.start: targets(one)[0].name for one in agent.chains if isinstance(one.end, tuple)
        }
        for target in targets(chain):
            if sinks.get(target.name):
                yield Mutant(example, (Change(target.span, str(sinks[target.name])),))


@kind("FL306")
def step_behind_the_channel(example: Example) -> Iterator[Mutant]:
    """An interceptor stands behind the channel instead of before it."""
    for agent, chain, step in steps(example):
        within_agent = {one.start: one for one in agent.chains if isinstance(one.end, tuple)}
        readers = [within_agent[t.name] for t in targets(chain) if t.name in within_agent]
        if readers and step in chain.steps:
            text = chain.span.source.text
            cut = Span(step.span.source, step.span.start, text.index("->", step.span.end) + 2)
            end = targets(readers[0])[0].span
            start = Span(end.source, end.start, end.start)
            yield Mutant(example, (Change(cut, ""), Change(start, f"{text_of(step.span)} -> ")))


@kind("FL309")
def twice_at_the_end(example: Example) -> Iterator[Mutant]:
    """A chain names a channel twice at its end."""
    for _, chain in chains(example, "source"):
        for target in targets(chain):
            if target.name is not None:
                yield Mutant(example, (Change(behind(target.span), f", {target.name}"),))


@kind("FL311")
def no_else(example: Example) -> Iterator[Mutant]:
    """The `else` of a route is left out."""
    for _, _, route, arm in arms(example):
        if arm.values is None:
            yield Mutant(example, (Change(whole_lines(arm.span), ""),), (head(route.span),))


@kind("FL312")
def else_first(example: Example) -> Iterator[Mutant]:
    """The `else` of a route stands before another arm."""
    for _, _, route, arm in arms(example):
        if arm.values is None:
            first = route.arms[0].span
            place = Span(first.source, first.start, first.start)
            margin = " " * (first.column - 1)
            moved = Change(place, f"{text_of(arm.span)}\n{margin}")
            yield Mutant(example, (moved, Change(whole_lines(arm.span), "")))


@kind("FL313")
def value_twice(example: Example) -> Iterator[Mutant]:
    """A route takes a value that another of its arms takes."""
    for _, _, route, arm in arms(example):
        for span in arm.spans:
            for other in route.arms:
                if other is not arm and other.values and other.spans[0].start > span.start:
                    yield Mutant(example, (Change(other.spans[0], text_of(span)),))


@kind("FL315")
def dropped_and_kept(example: Example) -> Iterator[Mutant]:
    """`drop` stands beside a channel."""
    for _, chain in chains(example, "source"):
        for target in targets(chain):
            if target.name is not None:
                yield Mutant(example, (Change(behind(target.span), ", drop"),))


@kind("FL904")
def second_copy(example: Example) -> Iterator[Mutant]:
    """What a source puts into a channel goes by a second way to the same peer."""
    for link in example.fleet.links:
        agent = example.fleet.agents[link.sender.agent]
        twin = f"{link.sender.component}_twin"
        component = agent.components[link.sender.component]
        for chain in agent.chains:
            for target in targets(chain):
                if target.name == component.name and within(chain.span, agent.span):
                    margin = whole_lines(component.span)
                    place = Span(margin.source, margin.start, margin.start)
                    channel = f"  channel {twin} : {component.type}\n\n"
                    again = text_of(link.span).replace(
                        f"{agent.name}.{component.name}", f"{agent.name}.{twin}", 1
                    )
                    yield Mutant(
                        example,
                        (
                            Change(place, channel),
                            Change(behind(target.span), f", {twin}"),
                            Change(behind(link.span), f"\n\n{again}"),
                        ),
                    )


@kind("FL310", "FL323")
def link_back(example: Example) -> Iterator[Mutant]:
    """A link leads back to the channel that it comes from."""
    for link in example.fleet.links:
        yield Mutant(example, (Change(link.targets[0].span, text_of(link.sender.span)),))


@kind("FL322")
def link_to_a_sink(example: Example) -> Iterator[Mutant]:
    """A link leads to the sink instead of to its channel."""
    for link in example.fleet.links:
        end = link.targets[0]
        peer = example.fleet.agents[end.agent]
        for chain in peer.chains if peer.components[end.component].kind == "channel" else ():
            if chain.start == end.component and not isinstance(chain.end, Group):
                place = link.targets[0].span
                for target in targets(chain):
                    if target.name in example.fleet.agents[end.agent].components:
                        yield Mutant(example, (Change(place, f"{end.agent}.{target.name}"),))


@kind("FL302", "FL326")
def wrong_peer(example: Example) -> Iterator[Mutant]:
    """A link leads to another component of its peer than before."""
    for link in example.fleet.links:
        end = link.targets[0]
        peer = example.fleet.agents[end.agent]
        node = end.agent, end.component
        fed = [e for o in example.fleet.links for e in o.targets if (e.agent, e.component) == node]
        for other in peer.components.values():
            if other.kind == "channel" and other.name != end.component and len(fed) == 1:
                at = peer.components[end.component].name_span
                change = Change(link.targets[0].span, f"{end.agent}.{other.name}")
                yield Mutant(example, (change,), (at,))


@kind("FL320")
def no_policy(example: Example) -> Iterator[Mutant]:
    """A link to several hosts does not say how it chooses."""
    for link in example.fleet.links:
        policy = link.values.get("policy")
        if policy is not None and is_spread(example, link):
            at = (head(link.span),)
            yield Mutant(example, (Change(whole_lines(statement(policy)), ""),), at)


@kind("FL321")
def single_of_several(example: Example) -> Iterator[Mutant]:
    """A link to several hosts says `policy = single`."""
    for link in example.fleet.links:
        if is_spread(example, link):
            yield Mutant(example, (said(link.span, link.values, "policy", "single"),))


@kind("FL350")
def lonely_member(example: Example) -> Iterator[Mutant]:
    """A group has one member left."""
    for agent, chain in chains(example, "channel"):
        if isinstance(chain.end, Group):
            for gone in chain.end.members[1:]:
                cut = Span(gone.span.source, chain.end.members[0].span.end, gone.span.end)
                at = (agent.components[gone.name or ""].name_span, chain.end.span)
                yield Mutant(example, (Change(cut, ""),), at)


@kind("FL351")
def dedup_in_a_group(example: Example) -> Iterator[Mutant]:
    """A member of a group leaves copies out."""
    for agent, chain in chains(example, "channel"):
        for member in chain.end.members if isinstance(chain.end, Group) else ():
            sink = agent.components[member.name or ""]
            line = whole_lines(Span(sink.span.source, sink.span.end - 1, sink.span.end))
            block = "\n    dedup {\n      key = tag\n      late = drop\n    }\n"
            place = Span(line.source, line.start, line.start)
            yield Mutant(example, (Change(place, block),))


@kind("FL352")
def shared_spill(example: Example) -> Iterator[Mutant]:
    """A channel that a group or several hosts share spills."""
    shared = {
        (link.sender.agent, link.sender.component)
        for link in example.fleet.links
        if is_spread(example, link) and text_of(link.values["policy"].span) in FOR_ONE
    }
    for agent, chain in chains(example, "channel"):
        if isinstance(chain.end, Group):
            shared.add((agent.name, chain.start))
    for _, channel, node in components(example, "channel", "file"):
        if node in shared:
            at = (channel.name_span,)
            yield Mutant(example, (Change(channel.type_span, "spill"),), at)


@kind("FL304")
def chain_backwards(example: Example) -> Iterator[Mutant]:
    """A channel and its sink stand in a chain the wrong way round."""
    for _, chain in chains(example, "channel"):
        end = targets(chain)[0]
        if not isinstance(chain.end, Group) and end.name is not None:
            turned = (Change(chain.start_span, end.name), Change(end.span, chain.start))
            yield Mutant(example, turned)


@kind("FL155")
def optional_sink(example: Example) -> Iterator[Mutant]:
    """A sink is called optional, which only a channel can be."""
    for _, chain in chains(example, "channel"):
        if not isinstance(chain.end, Group):
            yield Mutant(example, (Change(behind(targets(chain)[0].span), "?"),))


@kind("FL154")
def chain_to_another_agent(example: Example) -> Iterator[Mutant]:
    """A chain ends in a channel of another agent, where a link belongs."""
    for link in example.fleet.links:
        agent, end = example.fleet.agents[link.sender.agent], link.targets[0]
        for chain in agent.chains:
            for target in targets(chain):
                if target.name == link.sender.component and within(chain.span, agent.span):
                    yield Mutant(example, (Change(target.span, f"{end.agent}.{end.component}"),))


@kind("FL157")
def route_by_a_word(example: Example) -> Iterator[Mutant]:
    """A route goes by a word that is not said to be a header."""
    for _, _, route, arm in arms(example):
        if arm is route.arms[0]:
            start = route.span.source.text.index("header.", route.span.start)
            place = Span(route.span.source, start, start + len("header."))
            yield Mutant(example, (Change(place, ""),), (head(route.span),))


@kind("FL158")
def unknown_group(example: Example) -> Iterator[Mutant]:
    """How the members of a group share is misspelt."""
    for _, chain in chains(example, "channel"):
        if isinstance(chain.end, Group):
            start = chain.end.span.start
            place = Span(chain.end.span.source, start, start + len("failover"))
            yield Mutant(example, (Change(place, "failoevr"),))


@kind("FL326")
def past_the_source(example: Example) -> Iterator[Mutant]:
    """The only link to a source for links leads past it, into the channel behind it."""
    for link in example.fleet.links:
        end = link.targets[0]
        agent = example.fleet.agents[end.agent]
        others = [one for one in example.fleet.links if one is not link]
        alone = end.node not in {each.node for one in others for each in one.targets}
        for chain in agent.chains if alone and len(link.targets) == 1 else ():
            if chain.start == end.component and agent.components[end.component].kind == "source":
                change = Change(end.span, f"{end.agent}.{targets(chain)[0].name}")
                yield Mutant(example, (change,), (agent.components[end.component].name_span,))


@kind("FL323")
def link_at_home(example: Example) -> Iterator[Mutant]:
    """A link leads to another channel of its own agent."""
    for link in example.fleet.links:
        agent = example.fleet.agents[link.sender.agent]
        for other in agent.components.values():
            if other.kind == "channel" and other.name != link.sender.component:
                change = Change(link.targets[0].span, f"{agent.name}.{other.name}")
                yield Mutant(example, (change,))
