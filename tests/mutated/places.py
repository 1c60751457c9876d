"""Ports, directories, hosts, journals, dead letters."""

import re
from collections.abc import Iterator

from flumec.compiler.model import Link, Value
from flumec.compiler.source import Span
from mutated.example import Change, Example, behind, text_of, whole_lines
from mutated.mutant import Mutant, kind
from mutated.sites import (
    agents,
    chains,
    components,
    head,
    said,
    section,
    statement,
    targets,
    within,
)


def _ports(example: Example) -> Iterator[tuple[frozenset[str], Value, object]]:
    """Yield every port with the hosts that listen on it, and what listens."""
    for agent, source, node in components(example, "source"):
        if "port" in source.values:
            yield _names(example, agent.name), source.values["port"], node
    for agent in agents(example):
        if "metrics_port" in agent.settings:
            yield _names(example, agent.name), agent.settings["metrics_port"], agent.name
    for link in example.fleet.links:
        end = link.targets[0]
        yield _names(example, end.agent), link.values["port"], (end.agent, end.component)


def _names(example: Example, agent: str) -> frozenset[str]:
    return frozenset(host.name for host in example.fleet.agents[agent].hosts.hosts)


@kind("FL530")
def port_taken(example: Example) -> Iterator[Mutant]:
    """Two listeners of one host have one port."""
    ports = list(_ports(example))
    for hosts, port, listener in ports:
        for others, other, second in ports:
            if hosts & others and listener != second and port.value != other.value:
                yield Mutant(example, (Change(port.span, text_of(other.span)),))


@kind("FL530", "FL325")
def listeners_differ(example: Example) -> Iterator[Mutant]:
    """Of two links that share a listener one speaks TLS otherwise."""
    for link in example.fleet.links:
        if _sharing(example, link) and "tls" in link.values:
            at = (link.values["port"].span,)
            yield Mutant(example, (Change(link.values["tls"].span, "server"),), at)


@kind("FL325")
def listener_of_two_sizes(example: Example) -> Iterator[Mutant]:
    """Of two links that share a listener one says another size of its frames."""
    for link in example.fleet.links:
        if _sharing(example, link):
            change = said(link.span, link.values, "largest_frame", "1MiB")
            yield Mutant(example, (change,), (link.sender.span,))


@kind("FL340")
def given_up_nowhere(example: Example) -> Iterator[Mutant]:
    """A sink gives events up after a time, and has no channel for them."""
    for _, sink, _ in components(example, "sink", "file_roll", "hdfs"):
        if "dead_letter" not in sink.values:
            change = said(sink.span, sink.values, "give_up", "after(1h)")
            yield Mutant(example, (change,), (sink.name_span,))


def _sharing(example: Example, link: Link) -> bool:
    end, port = link.targets[0], link.values["port"].value
    return any(
        other is not link and other.values["port"].value == port
        and (other.targets[0].agent, other.targets[0].component) == (end.agent, end.component)
        for other in example.fleet.links
    )  # fmt: skip


@kind("FL530")
def swapped_ports(example: Example) -> Iterator[Mutant]:
    """Two ports are swapped, one of which others use too."""
    ports = list(_ports(example))
    for number, (hosts, port, listener) in enumerate(ports):
        for others, other, second in ports[number + 1 :]:
            both = {text_of(port.span), text_of(other.span)}
            used = [
                each for each, third, who in ports
                if third not in (port, other) and text_of(third.span) in both
                and who in (listener, second) and each & hosts & others
            ]  # fmt: skip
            if listener != second and len(both) == 2 and used:
                changes = (
                    Change(port.span, text_of(other.span)),
                    Change(other.span, text_of(port.span)),
                )
                yield Mutant(example, changes)


@kind("FL921")
def plain(example: Example) -> Iterator[Mutant]:
    """What takes events from other hosts does so without TLS."""
    for _, source, _ in components(example, "source"):
        if "tls" in source.values:
            cut = Change(whole_lines(statement(source.values["tls"])), "")
            yield Mutant(example, (cut,), (source.name_span,))
        elif "bind" in source.values:
            cut = Change(whole_lines(statement(source.values["bind"])), "")
            yield Mutant(example, (cut,), (source.name_span,))
    for link in example.fleet.links:
        if "tls" in link.values:
            cut = Change(whole_lines(statement(link.values["tls"])), "")
            yield Mutant(example, (cut,), (head(link.span),))


@kind("FL532")
def one_directory(example: Example) -> Iterator[Mutant]:
    """Two agents of a host write into one directory."""
    sinks = [
        (agent, sink)
        for agent, sink, _ in components(example, "sink", "file_roll")
        if within(sink.values["directory"].span, agent.span)
    ]
    for agent, sink in sinks:
        for other, second in sinks:
            if other is not agent and sink.name == second.name:
                here = {host.name for host in agent.hosts.hosts}
                if here & {host.name for host in other.hosts.hosts}:
                    place = sink.values["directory"].span
                    text = text_of(second.values["directory"].span)
                    yield Mutant(example, (Change(place, text),))


@kind("FL533")
def one_journal_directory(example: Example) -> Iterator[Mutant]:
    """Two journals of a host have one directory."""
    for agent in agents(example):
        for journal in agent.journals.values():
            for other in agent.journals.values():
                if other is not journal and "directory" in journal.values:
                    text = text_of(other.values["directory"].span)
                    yield Mutant(example, (Change(journal.values["directory"].span, text),))


@kind("FL317")
def torn_put(example: Example) -> Iterator[Mutant]:
    """One of two channels that a source feeds lies in another journal."""
    for agent, chain in chains(example, "source"):
        names = {target.name for target in targets(chain)} - {None}
        for name in sorted(map(str, names)) if len(names) > 1 else ():
            channel = agent.components[name]
            if channel.type == "file" and agent.source is channel.span.source:
                mine = channel.values.get("journal")
                others = [journal for journal in agent.journals if mine and journal != mine.value]
                for journal in others:
                    change = said(channel.span, channel.values, "journal", journal)
                    at = tuple(target.span for target in targets(chain))
                    yield Mutant(example, (change,), at)


@kind("FL318")
def torn_letter(example: Example) -> Iterator[Mutant]:
    """Dead letters go into another journal than the events lie in."""
    for agent in agents(example):
        for sink in agent.components.values():
            letters = sink.values.get("dead_letter")
            channel = agent.components.get(str(letters.value)) if letters else None
            if channel and "journal" in channel.values:
                cut = Change(whole_lines(statement(channel.values["journal"])), "")
                assert letters is not None
                yield Mutant(example, (cut,), (letters.span, channel.name_span))


@kind("FL341")
def letters_in_memory(example: Example) -> Iterator[Mutant]:
    """The channel for dead letters is in memory."""
    for _, channel in _letters(example):
        inner = [statement(value) for value in channel.values.values()]
        cuts = [Change(whole_lines(span), "") for span in inner if within(span, channel.span)]
        start, end = channel.type_span.start, head(channel.span).end
        line = Span(channel.span.source, start, end)
        text = "memory {" if text_of(line).endswith("{") else "memory"
        yield Mutant(example, (Change(line, text), *cuts), (channel.name_span,))


def _letters(example: Example) -> Iterator[tuple[Value, "object"]]:
    for agent in agents(example):
        said_of = [sink.values for sink in agent.components.values() if sink.kind == "sink"]
        said_of += [section(values, "dedup") for values in said_of]
        said_of += [link.values for link in example.fleet.links if link.sender.agent == agent.name]
        for values in said_of:
            for name in ("dead_letter", "late"):
                channel = agent.components.get(str(values[name].value)) if name in values else None
                if channel:
                    yield values[name], channel


@kind("FL342", "FL330")
def letters_return(example: Example) -> Iterator[Mutant]:
    """Dead letters, or late events, go into the channel that they come from."""
    for agent in agents(example):
        for chain in agent.chains:
            for target in targets(chain) if agent.components[chain.start].kind == "channel" else ():
                sink = agent.components[target.name or ""]
                for values in (sink.values, section(sink.values, "dedup")):
                    for name in ("dead_letter", "late"):
                        if name in values:
                            yield Mutant(example, (Change(values[name].span, chain.start),))
    for link in example.fleet.links:
        if "dead_letter" in link.values:
            change = Change(link.values["dead_letter"].span, link.sender.component)
            yield Mutant(example, (change,))


@kind("FL109")
def letters_without_a_channel(example: Example) -> Iterator[Mutant]:
    """The channel for dead letters is left out."""
    for value, channel in _letters(example):
        yield Mutant(example, (Change(whole_lines(channel.span), ""),), (value.span,))


@kind("FL340", "FL209", "FL302")
def no_letters(example: Example) -> Iterator[Mutant]:
    """A sink or link has no channel for its dead letters any more."""
    for value, channel in _letters(example):
        cut = Change(whole_lines(statement(value)), "")
        yield Mutant(example, (cut,), (channel.name_span, *_owner(example, value)))


def _owner(example: Example, value: Value) -> Iterator[Span]:
    for _, sink, _ in components(example, "sink"):
        if within(value.span, sink.span):
            yield from (head(each.key) for each in sink.values.values())


@kind("FL316")
def cannot_refuse(example: Example) -> Iterator[Mutant]:
    """A channel rejects what comes from a file or by a link, which nobody can be told."""
    linked = {(end.agent, end.component) for link in example.fleet.links for end in link.targets}
    for agent, channel, node in components(example, "channel", "file"):
        writers = [
            agent.components[chain.start].type
            for chain in agent.chains
            for target in targets(chain)
            if target.name == channel.name and agent.components[chain.start].kind == "source"
        ]
        if node in linked or {"taildir", "seq", "link"} & set(writers):
            change = said(channel.span, channel.values, "when_full", "reject")
            yield Mutant(example, (change,), (channel.name_span,))


@kind("FL319")
def acknowledged_early(example: Example) -> Iterator[Mutant]:
    """A journal that clients' events lie in is synced now and then."""
    for agent, chain in chains(example, "source"):
        source = agent.components[chain.start]
        stored = {agent.components[t.name].type for t in targets(chain) if t.name}
        if source.type == "http" and "file" in stored and not agent.journals:
            line = whole_lines(source.span)
            place = Span(line.source, line.start, line.start)
            text = "  journal default {\n    sync = 1s\n  }\n\n"
            yield Mutant(example, (Change(place, text),))


@kind("FL502")
def host_twice(example: Example) -> Iterator[Mutant]:
    """A host stands twice in its set."""
    for source in example.fleet.sources:
        for found in re.finditer(r'hosts \w+ = \[("[^"]+")(?:, ("[^"]+"))?\]', source.text):
            place = Span(source, *found.span(2 if found[2] else 1))
            text = found[1] if found[2] else f"{found[1]}, {found[1]}"
            yield Mutant(example, (Change(place, text),))


@kind("FL530", "FL533", "FL532")
def overlapping_sets(example: Example) -> Iterator[Mutant]:
    """A host is in two sets, and has two agents with one port."""
    ports = list(_ports(example))
    for agent in agents(example):
        for other in agents(example):
            one, two = agent.hosts, other.hosts
            same = {port.value for hosts, port, _ in ports if hosts == _names(example, agent.name)}
            same &= {port.value for hosts, port, _ in ports if hosts == _names(example, other.name)}
            apart = not _names(example, agent.name) & _names(example, other.name)
            if one.name < two.name and same and apart:
                text = one.span.source.text
                first = text.find('["', one.span.end)
                if 0 <= first < text.find("\n", one.span.end):
                    place = Span(one.span.source, first + 1, first + 1)
                    change = Change(place, f'"{two.hosts[0].name}", ')
                    at = tuple(p.span for _, p, _ in ports if p.value in same)
                    yield Mutant(example, (change,), at)


@kind("FL324")
def site_without_peer(example: Example) -> Iterator[Mutant]:
    """Hosts stand at a site at which a link that keeps within sites has no peer."""
    for link in example.fleet.links:
        if "within" in link.values:
            for path, text, start, end in _sites(example):
                span = Span(path, start, end)
                at = (link.values["within"].span, head(link.span))
                yield Mutant(example, (Change(span, f'"{text}-2"'),), at)


def _sites(example: Example) -> Iterator[tuple]:  # type: ignore[type-arg]
    for source in example.fleet.sources:
        for found in re.finditer(r'site = ("(\w+)")', source.text):
            yield source, found[2], *found.span(1)


@kind("FL905")
def packed_files(example: Example) -> Iterator[Mutant]:
    """A pattern of rotated files takes packed ones too."""
    for _, source, _ in components(example, "source", "taildir"):
        rotated = source.values.get("rotated")
        if rotated is not None:
            text = text_of(rotated.span).replace("[0-9]", "*")
            yield Mutant(example, (Change(rotated.span, text),))


@kind("FL203")
def no_port(example: Example) -> Iterator[Mutant]:
    """A link or source that listens says no port."""
    for _, source, _ in components(example, "source"):
        if "port" in source.values:
            cut = Change(whole_lines(statement(source.values["port"])), "")
            yield Mutant(example, (cut,), (source.name_span,))
    for link in example.fleet.links:
        cut = Change(whole_lines(statement(link.values["port"])), "")
        yield Mutant(example, (cut,), (head(link.span),))


@kind("FL345", "FL911")
def id_by_the_clock(example: Example) -> Iterator[Mutant]:
    """The id that copies are known by is made from the time, or the host."""
    for agent, chain in chains(example, "source"):
        for step in chain.steps:
            if step.type == "fingerprint":
                name = text_of(step.values["header"].span)
                for other in ("timestamp", "host"):
                    change = Change(step.span, f"{other}(header = {name})")
                    yield Mutant(example, (change,))
                if agent.components[chain.start].type != "http":
                    continue  # nobody sends the same line again
                of = step.values["of"].span
                mark = Span(step.span.source, step.span.start, step.span.start)
                changes = (
                    Change(mark, "timestamp() -> "),
                    Change(behind(Span(of.source, of.start, of.start + 1)), "header.timestamp, "),
                )
                yield Mutant(example, changes, (step.span, agent.name_span))


@kind("FL910")
def copies_apart(example: Example) -> Iterator[Mutant]:
    """Copies that a sink is to leave out go to several hosts."""
    for link in example.fleet.links:
        for end in link.targets:
            agent = example.fleet.agents[end.agent]
            for sink in agent.components.values():
                text = agent.hosts.span.source.text
                first = text.find('["', agent.hosts.span.end)
                if "dedup" in sink.values and first > 0:
                    place = Span(agent.hosts.span.source, first + 1, first + 1)
                    changes = (
                        Change(place, '"second-1.example.com", '),
                        said(link.span, link.values, "policy", "balance"),
                    )
                    yield Mutant(example, changes, (sink.values["dedup"].key,))
