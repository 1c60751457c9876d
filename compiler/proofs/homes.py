"""Which journal each channel of an agent lies in, and where each source keeps its positions.

The same rule as the runtime's: a memory channel is with the file channels that are written with it,
and a source at home in the default journal, if it feeds it, else in the first that the file names.
"""

from collections.abc import Mapping

from flumec.compiler.graph import ends
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent
from flumec.runtime.journal_settings import DEFAULT

Homes = tuple[Mapping[str, str], Mapping[str, str]]
"""The journal of each channel, and the home of each source."""


def homes(agent: Agent) -> Homes:
    """Return where channels lie and sources are at home."""
    order = [DEFAULT, *(name for name in agent.journals if name != DEFAULT)]
    fed: dict[str, set[str]] = {}
    for chain in agent.chains:
        start = agent.components.get(chain.start)
        if start is not None and start.kind == "source":
            names = {each.name for each in ends(chain) if each.name in agent.components}
            fed.setdefault(chain.start, set()).update(name for name in names if name)
    on_disk = {name: where for name in agent.components if (where := journal_of(agent, name))}
    channels = dict(on_disk)
    for together in fed.values():
        beside = {on_disk[name] for name in together if name in on_disk}
        for name in together - on_disk.keys():
            known = {channels[name]} if name in channels else set[str]()
            channels[name] = min(beside | known, key=order.index, default=DEFAULT)
    home = {
        source: min((channels[name] for name in names), key=order.index, default=DEFAULT)
        for source, names in fed.items()
    }
    return channels, home
