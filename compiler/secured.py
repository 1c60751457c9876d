"""How a link is secured: two that say the same, in whatever words, share a listener."""

from flumec.compiler.model import Link


def tls_of(link: Link) -> str:
    """Return how a link is secured, as one word; `none` where it says nothing."""
    held = link.values.get("tls")
    return "none" if held is None else str(held.value)
