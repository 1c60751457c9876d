"""What listens for other hosts and is not encrypted.

These are links and the sources that clients send to. What else listens is on the loopback, the
metrics, or a socket in the agent's state.
"""

import ipaddress
from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Component, End, Fleet, Host, Link
from flumec.compiler.values import resolve


class PlainListener(Diagnostic, code="FL921", severity="warning"):
    """A link, or a source that clients post to, takes events from other hosts without TLS.

    Whoever reaches the port may send events, and whoever sees the network reads them all. With
    `tls = mutual` both ends prove who they are; `flumec certs` makes what hosts need, and
    `flumec run` makes it by itself. An address of the loopback needs none: that of the host, or for
    a source what it is told to `bind`. Where something else encrypts or keeps strangers out, say
    so: `# flumec: ignore[FL921] the load balancer's network has nobody else`.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector.inbox {
      port = 4141
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector.inbox {
      port = 4141
      tls = mutual
    }
    ```
    """

    what: str
    into: str

    @property
    def message(self) -> str:
        return f"anyone who reaches the port of this {self.what} may send events to `{self.into}`"

    @property
    def label(self) -> str:
        return "without TLS"

    @property
    def hint(self) -> str:
        if self.what == "link":
            return (
                "encrypt the link with `tls = mutual`; docs/tls.md says how hosts get certificates"
            )
        return (
            "have clients use https with `tls = server` or `tls = mutual`, which docs/http.md is "
            "about, or `bind` it to the loopback"
        )


def check_plain(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield links and sources without TLS on hosts that others reach."""
    for link in fleet.links:
        if link.values.get("port") is None or _is_encrypted(link):
            continue
        if (end := _reached(fleet, link)) is not None:
            yield PlainListener(link.sender.span, "link", end.agent)
    for agent in fleet.agents.values():
        for source in agent.components.values():
            if _is_open(source) and any(_is_at(source, host) for host in agent.hosts.hosts):
                yield PlainListener(source.name_span, "source", agent.name)


def _is_encrypted(ends: Link | Component) -> bool:
    """Return whether it says how it speaks TLS; what says so wrongly was told about that."""
    said = ends.values.get("tls")
    return "tls" in ends.mistaken or (said is not None and said.value != "none")


def _is_open(part: Component) -> bool:
    """Return whether a component is a source that listens, could speak TLS, and does not."""
    declared = part.declaration.props if part.declaration is not None else {}
    listens = part.kind == "source" and {"tls", "port"} <= declared.keys()
    return listens and not _is_encrypted(part) and "bind" not in part.mistaken


def _is_at(source: Component, host: Host) -> bool:
    """Return whether a source listens on an address of a host that others reach."""
    said = source.values.get("bind")
    try:
        address = said and resolve(said.value, host, host.address)
    except (KeyError, ValueError):  # a variable with a mistake that was reported
        return False
    return not _is_loopback(address or host.address)


def _reached(fleet: Fleet, link: Link) -> End | None:
    """Return the first end of a link with a host whose address others can reach."""
    for end in link.targets:
        agent = fleet.agents.get(end.agent)
        if agent and any(not _is_loopback(host.address) for host in agent.hosts.hosts):
            return end
    return None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
