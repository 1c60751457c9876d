"""In which order agents start: those that receive before those that send to them."""

from flumec.compiler.plan import Plan


def start_order(plan: Plan) -> tuple[str, ...]:
    """Return the names of all agents, each behind those that its links lead to.

    In a circle of links somebody has to begin: the one that the file declares first ends it.
    """
    targets: dict[str, list[str]] = {}
    for link in plan.links:
        targets.setdefault(link.sender[0], []).append(link.target[0])
    names = dict.fromkeys(agent.name for host in plan.hosts for agent in host.agents)
    order: dict[str, None] = {}
    entered: set[str] = set()
    waiting = [(name, False) for name in reversed(list(names))]
    while waiting:  # a chain of agents may be longer than Python's stack
        name, left = waiting.pop()
        if left:
            order.setdefault(name)
        elif name not in entered:
            entered.add(name)
            waiting.append((name, True))
            waiting.extend((target, False) for target in reversed(targets.get(name, [])))
    return tuple(name for name in order if name in names)
