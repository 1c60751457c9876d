"""In which journal of its agent a channel lies."""

from flumec.compiler.model import Agent
from flumec.runtime.journal_settings import DEFAULT


def journal_of(agent: Agent, channel: str) -> str | None:
    """Return where a channel lies; None for one without disk, which is with its neighbours."""
    component = agent.components.get(channel)
    if component is None or component.kind != "channel" or component.type == "memory":
        return None
    named = component.values.get("journal")
    return DEFAULT if named is None else str(named.value)
