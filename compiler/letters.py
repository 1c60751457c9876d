"""Which channels take what sinks and links give up: dead letters, and late events of a `dedup`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flumec.compiler.graph import ends
from flumec.compiler.model import Agent, Component, Fleet, Link, Settings, Value
from flumec.runtime.component import After, Ref
from flumec.runtime.quantity import Duration


class Taken(NamedTuple):
    """A channel, and one for what its reader gives up of it: dead letters, or late events."""

    channel: str
    letters: Value
    late: bool = False


def giving_up(fleet: Fleet) -> Mapping[str, Sequence[Link]]:
    """Return the links that have a channel for dead letters, by their sending agents."""
    found: dict[str, list[Link]] = {}
    for link in fleet.links:
        if "dead_letter" in link.values:
            found.setdefault(link.sender.agent, []).append(link)
    return found


def taken_from(agent: Agent, links: Sequence[Link]) -> Iterator[Taken]:
    """Yield each channel of an agent with the channels for what its sinks or link give up."""
    for chain in agent.chains:
        for target in ends(chain) if chain.start in agent.components else ():
            sink = agent.components.get(target.name or "")
            if sink is not None and agent.components[chain.start].kind == "channel":
                said = sink.values.get("dead_letter")
                for letters in letters_of(sink):
                    yield Taken(chain.start, letters, letters is not said)
    for link in links:
        given = link.values.get("dead_letter") if link.sender.agent == agent.name else None
        if given is not None:
            yield Taken(link.sender.component, given)


def letters_of(sink: Component) -> Iterator[Value]:
    """Yield the channels that a sink puts events into which it does not deliver."""
    if (letters := sink.values.get("dead_letter")) is not None:
        yield letters
    dedup = sink.values.get("dedup")
    if dedup is not None and isinstance(dedup.value, Settings):
        late = dedup.value.values.get("late")
        if late is not None and isinstance(late.value, Ref):
            yield late


def given_up_after(given: Value) -> Duration | None:
    """Return how long a sink with a `give_up` tries, if it says so."""
    if isinstance(given.value, After):
        return given.value.duration
    held = given.value.values.get("duration") if isinstance(given.value, Settings) else None
    return None if held is None else held.value
