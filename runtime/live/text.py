"""A running fleet in a few lines, and as a table."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flumec.runtime.live.find import Live
from flumec.runtime.live.numbers import age, rate, size
from flumec.runtime.live.pressure import fullness, pressure, readers
from flumec.runtime.logs import one_line


def lines(fleet: Sequence[Live], now: datetime) -> Iterator[str]:
    """Yield each agent with its channels, then what cannot work, then the back-pressure."""
    for agent in fleet:
        if agent.state is None:
            yield f"{agent.name}  does not answer: {one_line(agent.trouble)}"
            continue
        since = now.astimezone(UTC) - timedelta(seconds=agent.state["up"])
        phase = _phase(agent.state)
        yield (
            f"{agent.name}  {phase}up since {since:%Y-%m-%d %H:%M:%S}Z ({age(agent.state['up'])}), "
            f"process {agent.state['pid']}"
        )
        width = max(map(len, agent.state["channels"]), default=0)
        for name, channel in agent.state["channels"].items():
            yield f"  {name:<{width}}  {_channel(channel, read=bool(readers(agent, name)))}"
        yield from (f"  {one_line(text)}" for text in troubles(agent))
    yield from (f"back-pressure: {one_line(text)}" for text in pressure(fleet))


def _phase(state: dict[str, Any]) -> str:
    if state["stopping"]:
        return "stopping, "
    return "" if state["ready"] else "starting, "


def _channel(channel: dict[str, Any], *, read: bool) -> str:
    behind = f"{age(channel['lag'])} behind" if read else "nobody reads it"
    lag = behind if channel["held"] else "nothing held"
    held = (
        f"{channel['held']:,} events, {size(channel['held_bytes'])} of {size(channel['size'])} "
        f"({fullness(channel):.0%}{_where(channel)}), "
        if channel["held"]
        else ""
    )
    gone = "".join(
        f"; {channel[what]:,} {what.replace('_', '-')}"
        for what in ("dropped", "dead_lettered")
        if channel[what]
    )
    return f"in {rate(channel['in'])}, out {rate(channel['out'])}; {held}{lag}{gone}"


def _where(channel: dict[str, Any]) -> str:
    """Say how much a channel that spills has in memory and how much on disk."""
    if not channel.get("memory_size"):
        return ""
    memory, stored = channel["memory_bytes"], channel["held_bytes"] - channel["memory_bytes"]
    return f"; {size(memory)} in memory, {size(stored)} on disk"


def troubles(agent: Live) -> Iterator[str]:
    """Yield a sentence for each part that cannot work or is paused."""
    for name, part in agent.state["parts"].items() if agent.state else ():
        if part["resting"]:
            yield f"{name} is {part['resting']}"
        if part["failing"]:
            yield f"{name} cannot work: {part['failing']}"


def rows(fleet: Sequence[Live]) -> Iterator[tuple[str, ...]]:
    """Yield a row of HEADINGS for each channel."""
    for agent in fleet:
        if agent.state is None:
            yield agent.name, "-", *("-",) * 6, "does not answer"
            continue
        for number, (name, channel) in enumerate(agent.state["channels"].items()):
            known = readers(agent, name)
            yield (
                agent.name if number == 0 else "",
                name,
                rate(channel["in"]),
                rate(channel["out"]),
                f"{channel['held']:,}",
                size(channel["held_bytes"]),
                f"{fullness(channel):.0%}",
                age(channel["lag"]) if known else "-",
                ", ".join(_reader(agent.state, each) for each in known) or "nobody",
            )


HEADINGS = ("agent", "channel", "in", "out", "held", "bytes", "full", "behind", "emptied by")


def _reader(state: dict[str, Any], name: str) -> str:
    part = state["parts"].get(name)
    if part is None:
        return name
    doing = " (paused)" if part["resting"] else " (cannot work)" if part["failing"] else ""
    return name + doing
