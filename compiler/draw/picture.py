"""What a picture of a fleet shows, before anything has a place: boxes, nodes, edges."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from flumec.compiler.emit.literal import harmless
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Chain, Fleet, Group, Link, Route, Step, Target
from flumec.compiler.proofs.hover import hover
from flumec.runtime.frozen import frozen

Kind = Literal["source", "channel", "sink"]


@frozen
class Node:
    """A component: what it is called, what it is, and its size if it has one."""

    id: str
    kind: Kind
    name: str
    detail: str
    claimed: str = ""
    """What is claimed of its events, for who points at it."""


@frozen
class Box:
    """An agent, and how many hosts it runs on."""

    id: str
    title: str
    subtitle: str
    nodes: tuple[Node, ...]


@frozen
class Edge:
    """From node to node; the label is what happens on the way."""

    start: str
    end: str
    label: str
    kind: Literal["chain", "optional", "link"]


@frozen
class Picture:
    """All boxes, all edges, and the boxes in layers from left to right."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    layers: tuple[tuple[str, ...], ...]


def picture_of(fleet: Fleet, graph: Graph) -> Picture:
    """Choose what to show of a fleet: one box for each agent as written, not for each host."""
    claimed = hover(graph)
    boxes = tuple(box_of(agent, claimed) for agent in fleet.agents.values())
    nodes = {node.id for box in boxes for node in box.nodes}
    edges = [
        *(
            edge
            for agent in fleet.agents.values()
            for chain in agent.chains
            for edge in edges_of(agent, chain)
        ),
        *(edge for link in fleet.links for edge in edges_of_link(link)),
    ]
    across = [
        (link.sender.agent, target.agent)
        for link in fleet.links
        for target in link.targets
        if link.sender.agent in fleet.agents and target.agent in fleet.agents
    ]
    layers = graph.layers(
        [box.id for box in boxes], [pair for pair in across if pair[0] != pair[1]]
    )
    return Picture(
        boxes,
        tuple(edge for edge in edges if edge.start in nodes and edge.end in nodes),
        tuple(map(tuple, layers)),
    )


def box_of(agent: Agent, claimed: Mapping[tuple[str, str], str]) -> Box:
    """Return an agent's box."""
    hosts = agent.hosts.hosts
    where = hosts[0].name if len(hosts) == 1 else f"{agent.hosts.name} × {len(hosts)} hosts"
    nodes = []
    for component in agent.components.values():
        size = component.values.get("size")
        detail = f"{component.type} {size.value}" if size is not None else component.type
        name, told = component.name, claimed.get((agent.name, component.name), "")
        nodes.append(Node(f"{agent.name}.{name}", component.kind, name, detail, told))
    return Box(agent.name, agent.name, where, tuple(nodes))


def edges_of(agent: Agent, chain: Chain) -> Iterator[Edge]:
    """Yield a chain's edges, one for each target."""
    start = f"{agent.name}.{chain.start}"
    if isinstance(chain.end, Route):
        for arm in chain.end.arms:
            value = "else" if arm.values is None else " | ".join(arm.values)
            label = labelled((*chain.steps, *arm.steps), f"{chain.end.header} = {value}")
            yield from to_targets(agent, start, arm.targets, label)
    elif isinstance(chain.end, Group):
        yield from to_targets(agent, start, chain.end.members, chain.end.kind)
    else:
        yield from to_targets(agent, start, chain.end, labelled(chain.steps, ""))


def labelled(steps: Sequence[Step], last: str) -> str:
    """Return the interceptors' names and what decides, as one short line."""
    return harmless(" · ".join([*(step.type for step in steps), *([last] if last else [])]))


def to_targets(agent: Agent, start: str, targets: Sequence[Target], label: str) -> Iterator[Edge]:
    """Yield an edge to each target that is a component."""
    for target in targets:
        if target.name is not None:
            kind: Literal["optional", "chain"] = "optional" if target.optional else "chain"
            yield Edge(start, f"{agent.name}.{target.name}", label, kind)


def edges_of_link(link: Link) -> Iterator[Edge]:
    """Yield a link's edges."""
    port, policy = link.values.get("port"), link.values.get("policy")
    words = [f":{port.value}"] if port is not None and isinstance(port.value, int) else []
    words += [str(policy.value)] if policy is not None else []
    for target in link.targets:
        start = f"{link.sender.agent}.{link.sender.component}"
        yield Edge(start, f"{target.agent}.{target.component}", " ".join(words), "link")
