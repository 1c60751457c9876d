"""Where the back-pressure of a fleet comes from: from the source that waits to what is too slow."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flumec.runtime.live.find import Live

FULL = 0.9
"""The share of its size from which on a channel presses on what feeds it."""

WAITS = 1.0
"""Seconds in one put from which on a source counts as held up."""


def fullness(channel: Mapping[str, Any]) -> float:
    """Return the share of a channel's room that is taken, by bytes or by events."""
    by_bytes = channel["held_bytes"] / channel["size"] if channel["size"] else 0.0
    return max(by_bytes, channel["held"] / channel["events"] if channel.get("events") else 0.0)


def pressure(fleet: Sequence[Live]) -> Iterator[str]:
    """Yield a line for each source that waits and each full channel that nobody else's line names.

    It goes from what is held up by way of channels and links to the place that holds it up. Of
    several agents that are held up at the same place of another one the first has the line.
    """
    told: set[tuple[str, str]] = set()
    found = []
    for agent in fleet:
        for channel in _pressing(agent):
            key = (agent.name, channel)
            path = tuple(_path(fleet, agent, channel, {key}, told))
            found.append((key, tuple(_waiting(agent, channel)), path))
    groups: dict[tuple[str, ...], list[str]] = {}
    for key, waiting, path in found:
        if waiting or key not in told:
            line = " ← ".join((" and ".join(waiting), *path) if waiting else path)
            far = len(path) > 2  # what is beyond the agent's own channel is another agent's
            groups.setdefault(path[1:] if far else (*key, *path), []).append(line)
    for line, *likewise in groups.values():
        yield f"{line} (and {len(likewise)} more likewise)" if likewise else line


def agent_wiring(agent: Live) -> Mapping[str, Any]:
    """Return how an agent's parts hang together."""
    assert agent.state is not None
    wiring: Mapping[str, Any] = agent.state["wiring"]
    return wiring


def _pressing(agent: Live) -> Iterator[str]:
    """Yield the channels that are full, or that a source waits for."""
    for name, channel in agent.state["channels"].items() if agent.state else ():
        if fullness(channel) >= FULL or any(_waiting(agent, name)):
            yield name


def _waiting(agent: Live, channel: str) -> Iterator[str]:
    """Yield the sources that wait for room, and feed this channel as the fullest of theirs."""
    assert agent.state is not None
    known = agent.state["channels"]
    for feeder, channels in agent_wiring(agent)["feeds"].items():
        if _part(agent, feeder).get("pressed", 0.0) >= WAITS:
            fullest = max((c for c in channels if c in known), key=lambda c: fullness(known[c]))
            if fullest == channel:
                yield f"{agent.name}.{feeder} waits"


def _path(
    fleet: Sequence[Live],
    agent: Live,
    channel: str,
    seen: set[tuple[str, str]],
    told: set[tuple[str, str]],
) -> Iterator[str]:
    """Yield the places from a full channel to what empties it too slowly."""
    assert agent.state is not None
    yield f"{agent.name}.{channel} is {fullness(agent.state['channels'][channel]):.0%} full"
    known = readers(agent, channel)
    if len(known) != 1:
        yield _shared(agent, known) if known else "nobody reads it"
        return
    (consumer,) = known
    part = _part(agent, consumer)
    if part.get("resting"):
        yield _why(consumer, part)
        return
    link = agent_wiring(agent)["links_out"].get(consumer)
    for other in fleet if link else ():
        if other.state is None or link not in agent_wiring(other)["links_in"]:
            continue
        pressing = set(_pressing(other))
        for inbox in _inboxes(other, str(link)):
            if inbox in pressing and (other.name, inbox) not in seen:
                told.add((other.name, inbox))
                yield from _path(fleet, other, inbox, seen | {(other.name, inbox)}, told)
                return
    yield _why(consumer, part)


def _inboxes(agent: Live, link: str) -> Sequence[str]:
    """Return the channels that a link leads to, by a `link` source or at once."""
    wiring = agent_wiring(agent)
    target = wiring["links_in"][link]
    channels: Sequence[str] = wiring["feeds"].get(target, [target])
    return channels


def readers(agent: Live, channel: str) -> list[str]:
    """Return who empties a channel: nobody, one, or the members of a group in their order."""
    return [name for name, of in agent_wiring(agent)["empties"].items() if of == channel]


def _shared(agent: Live, members: Sequence[str]) -> str:
    """Say why each member of a group takes too little, but of those that only stand by."""
    parts = {name: _part(agent, name) for name in members}
    telling = [
        name
        for name, part in parts.items()
        if part.get("resting")
        or part.get("failing")
        or part.get("counters", {}).get("group_active") != 0
    ]
    return ", ".join(_why(name, parts[name]) for name in telling or members)


def _why(consumer: str, part: Mapping[str, Any]) -> str:
    if part.get("resting"):
        return f"{consumer} is {part['resting']}"
    if part.get("failing"):
        return f"{consumer} cannot work: {part['failing']}"
    return f"{consumer} is slower than what comes"


def _part(agent: Live, name: str) -> Mapping[str, Any]:
    assert agent.state is not None
    part: Mapping[str, Any] = agent.state["parts"].get(name, {})
    return part
