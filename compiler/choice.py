"""How a link chooses among its hosts: by its policy, by a header, within what hosts share."""

from flumec.compiler.model import Link
from flumec.runtime.links.settings import Hash


def policy_of(link: Link) -> str:
    """Return how a link chooses among its hosts, as one word; `single` where it says nothing."""
    held = link.values.get("policy")
    if held is None:
        return "single"
    return "hash" if isinstance(held.value, Hash) else str(held.value)


def has_lanes(link: Link) -> bool:
    """Whether a link keeps a channel for each host, with what is for that one alone."""
    return policy_of(link) in ("all", "hash")


def hashed_by(link: Link) -> str | None:
    """Return the header by whose values a link chooses; None where it does so otherwise."""
    held = link.values.get("policy")
    return str(held.value.key) if held is not None and isinstance(held.value, Hash) else None


def within_of(link: Link) -> str | None:
    """Return the fact that hosts have in common which a link connects, such as `host.site`; None
    where it connects all.
    """
    held = link.values.get("within")
    return None if held is None else str(held.value)


def covers(sure: Link, link: Link) -> bool:
    """Return whether a link sends each event to all hosts that another one may send it to."""
    ends = {end.node for end in sure.targets}
    return (
        policy_of(sure) == "all"
        and ends.issuperset(end.node for end in link.targets)
        and within_of(sure) in (None, within_of(link))
    )
