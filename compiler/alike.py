"""Whether two hosts are alike: at one site, in one rack, or whatever a link's `within` names."""

from flumec.compiler.model import Host


def alike(fact: str, one: Host, other: Host) -> bool:
    """Return whether two hosts have an equal fact, by its path after `host`: `site`, `vars.rack`.

    A peer that lacks it is nowhere.
    """
    _, _, name = fact.rpartition(".")
    where = "vars" if fact.startswith("vars.") else "facts"
    if fact in ("name", "address", "index"):
        return bool(getattr(one, fact) == getattr(other, fact))
    mine, theirs = getattr(one, where), getattr(other, where)
    return name in theirs and mine.get(name) == theirs[name]
