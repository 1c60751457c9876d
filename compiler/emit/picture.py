"""The picture of an agent's flows that stands at the head of its script and in pages about it."""

from collections.abc import Iterator, Sequence

from flumec.compiler.emit.alike import once_for_alike
from flumec.compiler.plan import Agent, Arm, Flow, Group, Part, Route, Target

_SHOWN = 3
"""How many senders into one channel are named; a collector may have thousands."""


@once_for_alike
def picture(agent: Agent) -> list[str]:
    """Return a line for each way through the agent: `access -> host() -> spool => core.inbox`."""
    tails, inbound = _tails(agent), _inbound(agent)
    came = {name: f"{senders} => " for name, senders in inbound.items()}
    lines = [
        f"{came.get(flow.source, '') if not number else ''}{line}"
        for flow in agent.flows
        for number, line in enumerate(_flow(flow, tails))
    ]
    lines.extend(f"{come}{name}{tails[name]}" for name, come in came.items() if name in tails)
    shown = inbound.keys() | _followed(agent.flows)
    rest = [part.name or "" for part in agent.parts if part.kind == "channel"]
    lines.extend(f"{name}{tails[name]}" for name in rest if name not in shown and tails[name])
    return lines


def _tails(agent: Agent) -> dict[str, str]:
    """Return what comes after each channel: ` -> store`, ` => collector.inbox` or nothing."""
    tails = {part.name or "": "" for part in agent.parts if part.kind == "channel"}
    targets = {half.name: half.link.partition(" => ")[2] for half in agent.senders}
    for delivery in agent.deliveries:
        consumer = delivery.consumer
        if isinstance(consumer, Group) and consumer.members[0] in targets:
            consumer = consumer.members[0]  # a link to several peers, which has one name
        if isinstance(consumer, Group):
            consumer = f"{consumer.kind}({', '.join(consumer.members)})"
        tails[delivery.channel] = (
            f" => {targets[consumer]}" if consumer in targets else f" -> {consumer}"
        )
    return tails


def _flow(flow: Flow, tails: dict[str, str]) -> Iterator[str]:
    start = flow.source + _steps(flow.steps)
    if isinstance(flow.to, Route):
        yield f"{start} -> route header.{flow.to.header}"
        for arm in flow.to.arms:
            yield f"    {_values(arm)}{_steps(arm.steps)} -> {_ends(arm.targets, tails)}"
    else:
        yield f"{start} -> {_ends(flow.to, tails)}"


def _steps(steps: Sequence[Part]) -> str:
    return "".join(f" -> {step.type}({'…' if step.values else ''})" for step in steps)


def _values(arm: Arm) -> str:
    if arm.values is None:
        return "else"
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in arm.values)
    return ", ".join(f'"{value}"' for value in escaped)


def _ends(targets: Sequence[Target], tails: dict[str, str]) -> str:
    names = [f"{target.channel or 'drop'}{'?' if target.optional else ''}" for target in targets]
    return ", ".join(names) + (tails.get(names[0], "") if len(names) == 1 else "")


def _followed(flows: Sequence[Flow]) -> set[str]:
    """Return the channels whose tail was drawn behind a flow that ends in them alone."""
    ends = [
        targets
        for flow in flows
        for targets in (
            [arm.targets for arm in flow.to.arms] if isinstance(flow.to, Route) else [flow.to]
        )
    ]
    return {t[0].channel for t in ends if len(t) == 1 and t[0].channel and not t[0].optional}


def _inbound(agent: Agent) -> dict[str, str]:
    """Return the senders into each channel or source that something comes into by links."""
    senders: dict[str, list[str]] = {}
    for half in agent.receivers:
        for link, _, target in half.links:
            senders.setdefault(target, []).append(link.partition(" => ")[0])
    return {target: _few(names) for target, names in senders.items()}


def _few(names: Sequence[str]) -> str:
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN:,} more"
