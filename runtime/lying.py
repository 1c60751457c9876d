"""In which journal of its agent each channel lies, and which one is a source's home.

The compiler asks the same as the runtime, before there is any agent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from flumec.runtime.journal_settings import DEFAULT


def lying(
    named: Mapping[str, str | None], together: Iterable[AbstractSet[str]], order: Sequence[str]
) -> dict[str, str]:
    """Return the journal of each channel. `named` has those that channels name, None for channels
    in memory; `together` are channels that one step writes, and `order` is that of the journals.

    A memory channel lies with the file channels that are written with it, so that it makes no put
    span two; those that are written together lie together. Of several journals it is the first.
    """
    found = {channel: journal for channel, journal in named.items() if journal is not None}
    for names in _joined(named, together):
        journals = {found[name] for name in names & found.keys()}
        found |= dict.fromkeys(names - found.keys(), first(journals, order))
    return {channel: found.get(channel, DEFAULT) for channel in named}


def in_order(declared: Iterable[str]) -> Sequence[str]:
    """Return an agent's journals, the default one before those that its file declares."""
    return [DEFAULT, *(name for name in declared if name != DEFAULT)]


def first(journals: Collection[str], order: Sequence[str]) -> str:
    """Return the first of some journals: the default one if it is among them, or if none is."""
    return min(journals, key=order.index, default=DEFAULT)


def _joined(
    named: Mapping[str, str | None], together: Iterable[AbstractSet[str]]
) -> Sequence[frozenset[str]]:
    """Return the channels that are written together, joined by the memory channels among them."""
    groups: list[frozenset[str]] = []
    for names in together:
        known = frozenset(names & named.keys())
        volatile = {name for name in known if named[name] is None}
        if volatile:
            met = [group for group in groups if group & volatile]
            groups = [*(group for group in groups if group not in met), known.union(*met)]
    return groups
