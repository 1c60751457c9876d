"""How a link chooses among its hosts, by its policy, and the header that it chooses by."""

from flumec.compiler.model import Link
from flumec.runtime.links.settings import Hash


def policy_of(link: Link) -> str:
    """Return how a link chooses among its hosts, as one word; `single` where it says nothing."""
    held = link.values.get("policy")
    if held is None:
        return "single"
    return "hash" if isinstance(held.value, Hash) else str(held.value)


def hashed_by(link: Link) -> str | None:
    """Return the header by whose values a link chooses; None where it does so otherwise."""
    held = link.values.get("policy")
    return str(held.value.key) if held is not None and isinstance(held.value, Hash) else None
