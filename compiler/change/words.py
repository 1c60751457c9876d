"""What changed in one agent, in the words of its .flow file."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any

from flumec.compiler.emit.described import Described, said
from flumec.runtime.component import Component, Section
from flumec.runtime.frozen import frozen


@frozen
class Change:
    """One thing: `subject` is `channel spool`; before or after is None for what was not, or is not.

    `property` is what of it, empty where it comes or goes as a whole. `default` stands for the
    None: what holds where nothing is said.
    """

    subject: str
    property: str
    before: str | None
    after: str | None
    default: str | None = None

    def __str__(self) -> str:
        if not self.property:
            sign, what = ("-", self.before) if self.after is None else ("+", self.after)
            return f"{sign} {self.subject}{f' : {what}' if what else ''}"
        return f"~ {self.subject}: {self.property} {self._side(self.before)} → " + self._side(
            self.after
        )

    def _side(self, value: str | None) -> str:
        if value is not None:
            return value
        return "(not said)" if self.default is None else f"{self.default} (the default)"


def changes(old: Described, new: Described) -> Iterator[Change]:
    """Yield how an agent differs, in the order of a file: components, ways, links, settings."""
    yield from _components(old["components"], new["components"])
    yield from _components(old["journals"], new["journals"])
    yield from _each("chain", "", _chains(old), _chains(new))
    for channel, (before, after) in _pairs(old["deliveries"], new["deliveries"]):
        consumers = (_consumer(old, before), _consumer(new, after))
        # A link that takes another's place is said as such.
        linked = consumers[0] != before and consumers[1] != after
        if None not in consumers and consumers[0] != consumers[1] and not linked:
            yield Change(f"channel {channel}", "is read by", *consumers)
    yield from _links(_sent(old), _sent(new))
    yield from _links(_received(old), _received(new))
    yield from _flat("agent", old["settings"], new["settings"], {})
    yield from _flat("agent", {"user": old["user"]}, {"user": new["user"]}, {})
    secrets = dict.fromkeys(old["credentials"], ""), dict.fromkeys(new["credentials"], "")
    yield from _each("secret", "", *secrets)


def _components(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name, (before, after) in _pairs(old, new):
        if before is None or after is None or before["kind"] != after["kind"]:
            yield from (
                Change(f"{each['kind']} {name}", "", *_sides(each["type"], each is before))
                for each in (before, after)
                if each is not None
            )
            continue
        subject = f"{after['kind']} {name}"
        if before["type"] != after["type"]:
            yield Change(subject, "type", before["type"], after["type"])
        defaults = _defaults(after["kind"], after["type"])
        yield from _flat(subject, before["values"], after["values"], defaults)


def _sides(what: str, before: bool) -> tuple[str | None, str | None]:
    return (what, None) if before else (None, what)


def _flat(
    subject: str, old: Mapping[str, Any], new: Mapping[str, Any], defaults: Mapping[str, str]
) -> Iterator[Change]:
    """Yield the properties that differ, those of blocks as `roll.size`."""
    for name, (before, after) in _pairs(_leaves(old), _leaves(new)):
        if before != after:
            yield Change(subject, name, before, after, defaults.get(name))


def _leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found.update(_leaves(value, f"{prefix}{name}."))
        elif value is not None:
            found[prefix + name] = str(value)
    return found


def _each(kind: str, what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Yield what comes and goes of one kind, and what becomes something else."""
    for name, (before, after) in _pairs(old, new):
        if before is None or after is None:
            yield Change(f"{kind} {name}", "", before, after)
        elif before != after:
            yield Change(f"{kind} {name}", what, before, after)


def _chains(agent: Described) -> dict[str, str]:
    """Return each source's ways out; those of one that is not alone are told by their number."""
    return {
        f"{source} -> {chain}": "" for source, chains in agent["flows"].items() for chain in chains
    }


def _consumer(agent: Described, name: str | None) -> str | None:
    """Return what reads a channel: a link by its title, since its end's name is made up."""
    links = {half["name"]: link for link, half in agent["sends"].items()}
    return links.get(name or "", name)


def _sent(agent: Described) -> dict[str, dict[str, str]]:
    return {
        link: {**_leaves(half["values"]), "via": half["via"], **_peers(half["peers"])}
        for link, half in agent["sends"].items()
    }


def _received(agent: Described) -> dict[str, dict[str, str]]:
    return {
        link: {**_leaves(half["values"]), "via": half["via"], "port": str(half["port"])}
        for half in agent["receives"].values()
        for link in half["links"]
    }


def _peers(peers: Mapping[str, str]) -> dict[str, str]:
    """Return the receiving hosts as properties. A port is the link's own, and said there."""
    return {f"to {host}": address.rpartition(":")[0] for host, address in peers.items()}


def _links(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> Iterator[Change]:
    for link, (before, after) in _pairs(old, new):
        if before is None or after is None:
            yield Change(f"link {link}", "", *_sides("", after is None))
            continue
        for name, (was, now) in _pairs(before, after):
            if was == now:
                continue
            if name.startswith("to ") and (was is None or now is None):
                yield Change(f"link {link} {name}", "", *_sides("", now is None))
            else:
                yield Change(f"link {link}", name, was, now, _link_defaults().get(name))


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield each name with what it was and is, those that go at the place where they were."""
    for name in (*old, *(name for name in new if name not in old)):
        yield name, (old.get(name), new.get(name))


@cache
def _defaults(kind: str, name: str) -> Mapping[str, str]:
    from flumec.runtime import components
    from flumec.runtime.journal_settings import Journal

    every: tuple[type[Component], ...] = (*components.ALL, Journal)
    found = (each for each in every if (each.kind, each.type) == (kind, name))
    return _defaults_of(next(found, None))


@cache
def _link_defaults() -> Mapping[str, str]:
    from flumec.runtime.links.settings import LinkSettings

    return _defaults_of(LinkSettings)


def _defaults_of(declaration: Any) -> dict[str, str]:
    """Return the defaults by name, those of blocks as `roll.size`."""
    found: dict[str, str] = {}
    for name, each in declaration.props.items() if declaration is not None else ():
        if isinstance(each.default, Section):
            inner = _defaults_of(type(each.default))
            found.update((f"{name}.{below}", text) for below, text in inner.items())
        elif each.default not in (None, MISSING):
            found[name] = str(said(each.default, each.type))
    return found
