"""What sources acknowledge before it is synced, and nobody sends again."""

from collections.abc import Mapping
from typing import NamedTuple

from flumec.compiler.graph import ends
from flumec.compiler.lying import Lying, journal_of
from flumec.compiler.model import Agent, Component, Target, Value
from flumec.runtime.component import Source


class Unsynced(NamedTuple):
    """The journal of a source that syncs now and then, how often, and what it writes there."""

    journal: str
    every: Value
    targets: tuple[Target, ...]


def syncing_late(agent: Agent) -> Mapping[str, Value]:
    """Return how often the journals of an agent sync that do so only now and then."""
    said = {name: journal.values.get("sync") for name, journal in agent.journals.items()}
    return {name: sync for name, sync in said.items() if sync and str(sync.value) != "commit"}


def unsynced(agent: Agent, source: Component, lying: Lying) -> Unsynced | None:
    """Return what a power cut may take of what a source has acknowledged.

    Only its home counts: the part of a put that lies in another journal is synced first. A file is
    read again from the position in the same journal, and a link is answered after a sync in any
    case; who heard from another source that an event is stored does not send it again.
    """
    declaration, home = source.declaration, lying.homes.get(source.name, "")
    if declaration is None or not issubclass(declaration, Source):
        return None
    every = syncing_late(agent).get(home)
    if every is None or declaration.start != "acknowledgement" or declaration.replayable:
        return None
    fed = (target for chain in agent.chains if chain.start == source.name for target in ends(chain))
    there = tuple(target for target in fed if journal_of(agent, target.name or "") == home)
    return Unsynced(home, every, there) if there else None
