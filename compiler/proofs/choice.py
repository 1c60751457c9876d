"""How a link chooses among its hosts: by its policy, within what its hosts share."""

from flumec.compiler.model import Host, Link
from flumec.runtime.links.settings import Hash


def policy_of(link: Link) -> str:
    """Return how a link chooses among its hosts, as one word; `single` where it says nothing."""
    held = link.values.get("policy")
    if held is None:
        return "single"
    return "hash" if isinstance(held.value, Hash) else str(held.value)


def fact_of(path: str, host: Host) -> object:
    """Return a host's fact, `site` or `vars.rack`; None where it has none."""
    _, _, name = path.rpartition(".")
    if name in ("name", "address", "index"):
        return getattr(host, name)
    return (host.vars if path.startswith("vars.") else host.facts).get(name)
