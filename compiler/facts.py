"""The facts of hosts, such as a site or a rack, and whether two hosts have one in common."""

from collections.abc import Hashable

from flumec.compiler.model import Host


def fact_of(path: str, host: Host) -> Hashable:
    """Return a fact by its path after `host`: `site`, `vars.rack`; None where a host has none."""
    _, _, name = path.rpartition(".")
    if name in ("name", "address", "index"):
        found: Hashable = getattr(host, name)
        return found
    return (host.vars if path.startswith("vars.") else host.facts).get(name)


def alike(path: str, one: Host, other: Host) -> bool:
    """Return whether two hosts have an equal fact. A peer that lacks it is nowhere."""
    theirs = fact_of(path, other)
    return theirs is not None and fact_of(path, one) == theirs
