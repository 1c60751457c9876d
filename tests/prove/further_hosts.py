"""What a made fleet may get of which hosts differ: filters and routes by a fact of the host."""

import random
from dataclasses import replace

from prove.shape import Agent, Chain, Shape
from prove.wider_links import with_facts


def by_facts(shape: Shape, chance: random.Random) -> Shape:
    """Have each host of some agents leave other events out, or lead them elsewhere."""
    agents = (
        _differing(agent, chance) if len(agent.hosts) > 1 and agent.chains else agent
        for agent in shape.agents
    )
    return replace(shape, agents=tuple(agents))


def _differing(agent: Agent, chance: random.Random) -> Agent:
    chains = tuple(_asking(chain, chance) for chain in agent.chains)
    own = [f'{{\n  own : string = "{number}"\n}}' for number in range(len(agent.hosts))]
    return with_facts(replace(agent, chains=chains), "vars", own)


def _asking(chain: Chain, chance: random.Random) -> Chain:
    if chain.arms and chance.random() < 0.5:
        arms = (replace(arm, digits=str(n) * bool(arm.digits)) for n, arm in enumerate(chain.arms))
        return replace(chain, arms=tuple(arms), by_host=True)
    return replace(chain, spares=chance.random() < 0.8)
