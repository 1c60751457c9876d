"""What would change, for people: on a terminal, or short enough for a comment on a change."""

from collections.abc import Iterator, Sequence

from flumec.compiler.change.held import Held
from flumec.compiler.change.orphans import Orphan, summed
from flumec.compiler.change.outcome import Outcome
from flumec.compiler.change.wires import Standstill
from flumec.runtime.channel.words import counted

SHOWN = 4
"""Hosts that are named before the others are a number."""

_SIGNS = {"new": "+", "removed": "-", "changed": "~", "runtime": "~", "rewritten": "="}
_FATES = {
    "new": "new",
    "removed": "removed",
    "changed": "restarts",
    "runtime": "restarts, by another version of flumec",
    "rewritten": "goes on: only comments in its files change",
}


def as_text(found: Outcome) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield headline(found)
    for each in found.agents:
        yield ""
        yield f"{_SIGNS[each.fate]} {each.agent} on {few(each.hosts)}: {_FATES[each.fate]}"
        yield from (f"    {change}" for change in each.changes)
    for title, lines in (
        ("This flumec may not read the journals that are there:", list(_older(found))),
        ("These agents are of other flows, and installing this build would stop them:",
         list(_strangers(found))),
        ("Order: receivers before senders, one wave after the other.", list(_order(found))),
        ("These hosts leave the fleet:", list(_leaving(found))),
        ("These links stand still until both ends are installed; rows wait at the sender:",
         [_standstill(each) for each in found.standstills]),
        ("These channels are orphaned: what they hold stays on the disk, and nobody delivers it:",
         [line for each in summed(iter(found.orphans)) for line in _orphan(*each)]),
    ):  # fmt: skip
        if lines:
            yield ""
            yield title
            yield from (f"    {line}" for line in lines)


def headline(found: Outcome) -> str:
    """Return the whole of it in one line."""
    if not found.status:
        return f"nothing changes on {counted(len(found.new.hosts), 'host')}"
    agents = dict.fromkeys(_FATES, 0)
    for each in found.agents:
        agents[each.fate] += len(each.hosts)
    restarts = agents["changed"] + agents["runtime"]
    said = [
        f"{counted(agents['new'], 'agent')} new" if agents["new"] else "",
        f"{counted(restarts, 'agent')} to restart" if restarts else "",
        f"{agents['removed']:,} removed" if agents["removed"] else "",
        f"{agents['rewritten']:,} with new comments only" if agents["rewritten"] else "",
    ]
    version = ""
    if found.old.version != found.new.version:
        version = f"; flumec {found.old.version} -> {found.new.version}"
    hosts = f"{len(found.touched):,} of {counted(len(found.new.hosts), 'host')}"
    return f"{hosts}: {', '.join(filter(None, said)) or 'no agent changes'}{version}"


def _older(found: Outcome) -> Iterator[str]:
    if (formats := found.older_journals) is not None:
        yield f"it reads them up to format {formats[1]}, and what is installed writes format "
        yield f"{formats[0]} where it needs that; an agent with such a journal will not start:"
        yield f"let flumec {found.old.version} drain it first (docs/leaving.md)"


def _strangers(found: Outcome) -> Iterator[str]:
    for each in found.strangers:
        yield f"{each.agent} of {each.flow} on {few(each.hosts)}"
    if found.strangers:
        yield "build the flows of all that share a host together; or install with --replace, which"
        yield "stops them (docs/bundles.md)"


def _order(found: Outcome) -> Iterator[str]:
    for number, wave in enumerate(found.waves, 1):
        note = "; some of them send to each other: one after the other" if wave.circle else ""
        yield f"{number}. {few(wave.hosts)}{note}"


def _leaving(found: Outcome) -> Iterator[str]:
    if found.leaving:
        yield f"{few(found.leaving)}: what runs there goes on until it is drained and stopped,"
        yield "after the last wave (docs/leaving.md)"


def _standstill(each: Standstill) -> str:
    what = each.link if each.replaces is None else f"{each.link}, for {each.replaces}"
    if each.ports is not None:
        what += f": its listener moves from port {each.ports[0]} to {each.ports[1]}"
    if each.outside:
        return f"{what}; {few(each.outside)} must be installed first, and is in another build"
    waiting = few(each.senders)
    return f"{what}; {waiting} {'wait' if len(each.senders) > 1 else 'waits'} for " + few(
        each.receivers
    )


def _orphan(like: Orphan, hosts: Sequence[str], held: Held | None) -> Iterator[str]:
    holds = f" Holds {held}." if held is not None else " Look with --state DIR at what it holds."
    reason = like.reason[0].upper() + like.reason[1:]
    yield f"{like.agent}.{like.channel} on {few(hosts)}. {reason}.{holds}"


def few(hosts: Sequence[str]) -> str:
    """Name some hosts, and count the others.

    >>> few(["a", "b"]), few(["a", "b", "c", "d", "e", "f"])
    ('a, b', 'a, b, c, d and 2 more')
    """
    more = len(hosts) - SHOWN
    named = ", ".join(hosts if more <= 1 else hosts[:SHOWN])
    return named if more <= 1 else f"{named} and {more:,} more"
