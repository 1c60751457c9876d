"""What of a made fleet's optional channels is never left out, as each put requires them anyway.

A put is stored whole: where one of its events requires a channel, all of it waits for room there,
also the events for which that channel is optional. A compiler does not know which events come
together; here a counter has the same batches in each life.
"""

from dataclasses import replace

from flumec.compiler.proofs.claim import Effect, Failure
from prove.generator import EVENTS
from prove.shape import Agent, Part, Shape, Target


def is_kept_anyway(shape: Shape, effect: Effect) -> bool:
    """Return whether an effect is that a channel is left out which each put requires."""
    agent = shape.agent(effect.node[0])
    source = next((each for each in agent.sources if each.name == effect.node[1]), None)
    if effect.failure is not Failure.ALWAYS or source is None or source.kind != "seq":
        return False
    puts = [put for host in agent.hosts for put in _puts(agent, source, host)]
    optional = {target for put in puts for target in put if target.optional}
    kept = [each for each in optional if all(_requires(put, each) for put in puts if each in put)]
    return any(f"`{each.text}`" in effect.reason for each in kept)


def _requires(put: set[Target], optional: Target) -> bool:
    return replace(optional, optional=False) in put


def _puts(agent: Agent, source: Part, host: str) -> list[set[Target]]:
    """Return where the events of each put of a counter go."""
    chains = [chain for chain in agent.chains if chain.source == source.name]
    batch = int(source.value("batch") or EVENTS)
    return [
        {
            target
            for number in range(first, min(first + batch, EVENTS))
            for chain in chains
            for target in chain.ends(str(number % 10), agent.own(host))
        }
        for first in range(0, EVENTS, batch)
    ]
