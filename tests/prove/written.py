"""A fleet of data as a .flow file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prove.shape import Agent, Chain, Reading, Settings, Shape


def lines(shape: "Shape") -> Iterator[str]:
    """Yield the lines of a fleet's .flow file."""
    for agent in shape.agents:
        for name, hosts, facts in _sets(agent):
            names = ", ".join(f'"{host}"' for host in hosts)
            yield from _block(f"hosts {name} = [{names}]", facts)
            yield ""
    for agent in shape.agents:
        names = ", ".join(name for name, _, _ in _sets(agent))
        where = f"union({names})" if "," in names else names
        yield f"agent {agent.name} on {where} {{"
        yield from _agent(agent)
        yield "}"
        yield ""
    for link in shape.links:
        targets = ", ".join(map(".".join, link.targets))
        yield from _block(f"{'.'.join(link.sender)} => {targets}", link.values)
        yield ""


def _sets(agent: "Agent") -> "list[tuple[str, tuple[str, ...], Settings]]":
    """Return the sets that an agent's hosts are in, which are one where nothing is said of them."""
    if not agent.facts:
        return [(f"{agent.name}_hosts", agent.hosts, ())]
    return [
        (host.replace("-", "_"), (host,), facts)
        for host, facts in zip(agent.hosts, agent.facts, strict=True)
    ]


def _agent(agent: "Agent") -> Iterator[str]:
    blocks = [
        *(_block(f"journal {part.name}", part.values) for part in agent.journals),
        *(
            _block(f"{kind} {part.name} : {part.kind}", part.values)
            for kind, parts in (
                ("source", agent.sources), ("channel", agent.channels), ("sink", agent.sinks),
            )
            for part in parts
        ),
        *(_chain(agent, chain) for chain in agent.chains),
        *(_reading(reading) for reading in agent.readings),
    ]  # fmt: skip
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from (f"  {line}" if line else "" for line in block)


def _block(head: str, values: "Settings") -> Iterator[str]:
    if not values:
        yield head
        return
    yield f"{head} {{"
    for name, value in values:
        if value.startswith("{"):
            yield ""
            yield from (f"  {line}" for line in f"{name} {value}".splitlines())
        else:
            yield f"  {name} = {value}"
    yield "}"


def _chain(agent: "Agent", chain: "Chain") -> Iterator[str]:
    yield " -> ".join([chain.source, *_steps(agent, chain), _end(chain)])
    for arm in chain.arms:
        values = ", ".join(f'"{digit}"' for digit in arm.digits) or "else"
        yield f"  {values} -> {', '.join(target.text for target in arm.targets)}"
    if chain.arms:
        yield "}"


def _end(chain: "Chain") -> str:
    if chain.arms:
        return "route header.digit {"
    return ", ".join(target.text for target in chain.targets)


def _steps(agent: "Agent", chain: "Chain") -> Iterator[str]:
    """Yield the steps: who the event is from, what names it, what it is routed by."""
    source = agent.source(chain.source)
    if source.kind != "link":
        yield f'static(header.origin, "{agent.name}.{source.name}")'
        if source.posted_to_all:
            yield "fingerprint(header.id, of = [header.origin, body])"
        else:
            yield "host(header = header.via)"
            yield "fingerprint(header.id, of = [header.origin, header.via, body])"
    yield from chain.steps
    if chain.keeps:
        yield f'regex_filter(r"[{chain.keeps}]$")'
    if chain.spares:
        yield 'regex_filter("[${host.vars.own}]$", exclude = true)'
    if chain.by_host:
        yield 'static(header.digit, "${host.vars.own}", preserve = false)'
    elif chain.arms:
        yield 'regex_extract(r"([0-9])$", into = [header.digit])'


def _reading(reading: "Reading") -> Iterator[str]:
    end = ", ".join(reading.sinks)
    if reading.group:
        doubt = f", in_doubt = {reading.in_doubt}" if reading.in_doubt else ""
        end = f"{reading.group}({end}{doubt})"
    yield f"{reading.channel} -> {end}"
