"""Channels that a new build has no more, and what is still in them.

What they hold stays on the host's disk, and nobody delivers it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from flumec.compiler.change.fleet import Fleet
from flumec.compiler.change.held import Held
from flumec.compiler.emit.described import Described
from flumec.runtime.frozen import frozen


@frozen
class Orphan:
    """A channel on a host; `held` is None where nobody looked."""

    host: str
    agent: str
    channel: str
    reason: str
    held: Held | None = None


def orphans(old: Fleet, new: Fleet, held: Mapping[tuple[str, str, str], Held]) -> Iterator[Orphan]:
    """Yield the channels that are left behind: those of `old`, and older ones that hold rows."""
    seen: set[tuple[str, str, str]] = set()
    for host, agent, before in old.every():
        after = new.of(host, agent)
        for channel, reason in _lost(before, after, gone=host not in new.hosts):
            key = (host, agent, channel)
            seen.add(key)
            yield Orphan(*key, reason, held.get(key))
    for key, found in sorted(held.items()):
        if found.rows and not found.declared and key not in seen:
            after = new.of(key[0], key[1])
            if after is None or not _has(after, key[2]):
                yield Orphan(*key, "an earlier build removed it", found)


def _lost(before: Described, after: Described | None, *, gone: bool) -> Iterator[tuple[str, str]]:
    known = {} if after is None else _channels(after)
    for name, component in _channels(before).items():
        if not _on_disk(component["type"]):
            continue
        if after is None:
            yield name, "its host leaves the fleet" if gone else "its agent is removed"
        elif (now := known.get(name) or _renamed(after, name)) is None:
            yield name, _removed(name, known)
        elif not _on_disk(now["type"]):
            yield name, f"it becomes a {now['type']} channel, which doesn't read the disk"
        elif (was := _journal(component)) != _journal(now):
            yield name, f"it moves out of the journal `{was}`; what is in there stays"
        elif _directory(before, was) != _directory(after, was):
            yield name, f"its journal `{was}` moves to another directory; what is in there stays"


def _removed(name: str, known: Mapping[str, Any]) -> str:
    plain = name.partition("@")[0]
    if any(other.partition("@")[0] == plain for other in known):
        return "its link chooses among its hosts in another way, by channels of other names"
    return "it is removed, and no channel has it as `formerly`"


def _has(agent: Described, channel: str) -> bool:
    return channel in _channels(agent) or _renamed(agent, channel) is not None


def _renamed(agent: Described, channel: str) -> Any:
    """Return the channel that takes over what one holds, if one does."""
    found = _channels(agent).values()
    return next((each for each in found if each["values"].get("formerly") == f'"{channel}"'), None)


def _channels(agent: Described) -> dict[str, Any]:
    """Return the channels as the journal has them: where each host of a link has its own, these."""
    own = {
        link["channel"]: link["peers"]
        for link in agent["sends"].values()
        if agent["deliveries"].get(link["channel"], "").startswith(("all(", "hash("))
    }
    found: dict[str, Any] = {}
    for name, component in agent["components"].items():
        if component["kind"] != "channel":
            continue
        if name not in own:
            found[name] = component
        for host in own.get(name, ()):
            values = dict(component["values"])
            if (former := values.get("formerly")) is not None:
                values["formerly"] = f'{former[:-1]}@{host}"'
            found[f"{name}@{host}"] = {**component, "values": values}
    return found


def _journal(channel: Described) -> str:
    from flumec.runtime.journal_settings import DEFAULT

    return str(channel["values"].get("journal", DEFAULT))


def _directory(agent: Described, journal: str) -> str | None:
    """Return where a journal lies, as written; None: in the agent's state."""
    said: str | None = agent["journals"].get(journal, {}).get("values", {}).get("directory")
    return said


@cache
def _on_disk(type: str) -> bool:  # noqa: A002 the language's word
    from flumec.runtime import components

    found = (each for each in components.ALL if (each.kind, each.type) == ("channel", type))
    return any(getattr(each, "on_disk", True) for each in found)


def summed(found: Iterator[Orphan]) -> Iterator[tuple[Orphan, list[str], Held | None]]:
    """Yield the same with equal ones of several hosts as one: (one of them, hosts, all they hold).

    A host's sum is only known where somebody looked.
    """
    groups: dict[Orphan, list[Orphan]] = {}
    for each in found:
        groups.setdefault(replace(each, host="", held=None), []).append(each)
    for like, group in groups.items():
        known = [each.held for each in group if each.held is not None]
        total = Held(sum(h.rows for h in known), sum(h.bytes for h in known)) if known else None
        yield like, [each.host for each in group], total
