"""In which order a fleet is drained: whoever sends before whoever receives."""

from collections.abc import Sequence

from flumec.compiler.plan import Plan


def stages(plan: Plan) -> Sequence[frozenset[str]]:
    """Return agents' names in groups; each group sends only to later ones.

    Agents that send to each other in a circle, and whatever is behind them, are the last group.
    """
    waiting = {agent.name for host in plan.hosts for agent in host.agents}
    edges = {(link.sender[0], link.target[0]) for link in plan.links}
    groups: list[frozenset[str]] = []
    while waiting:
        fed = {target for sender, target in edges if sender in waiting}
        group = frozenset(waiting - fed) or frozenset(waiting)
        groups.append(group)
        waiting -= group
    return groups
