"""What listens for other hosts and is not encrypted."""

import ipaddress
from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import End, Fleet, Host, Link


class PlainListener(Diagnostic, code="FL921", severity="warning"):
    """A link takes events from other hosts without TLS.

    Whoever reaches the port may send events, and whoever sees the network reads them all. With
    `tls = mutual` both ends prove which host they are; `flumec certs` makes what they need, and
    `flumec run` makes it by itself. An address of the loopback needs none.

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

    into: str

    @property
    def message(self) -> str:
        return f"anyone who reaches the port of this link may send events to `{self.into}`"

    @property
    def label(self) -> str:
        return "without TLS"

    @property
    def hint(self) -> str:
        return "encrypt the link with `tls = mutual`; docs/tls.md says how hosts get certificates"


def check_plain(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield links without TLS into hosts that others reach."""
    for link in fleet.links:
        said, port = link.values.get("tls"), link.values.get("port")
        if port is None or "tls" in link.mistaken or (said is not None and said.value != "none"):
            continue
        if (end := _reached(fleet, link)) is not None:
            yield PlainListener(link.sender.span, end.agent)


def _reached(fleet: Fleet, link: Link) -> End | None:
    """Return the first end of a link with a host whose address others can reach."""
    for end in link.targets:
        agent = fleet.agents.get(end.agent)
        if agent and any(not _is_loopback(host) for host in agent.hosts.hosts):
            return end
    return None


def _is_loopback(host: Host) -> bool:
    try:
        return ipaddress.ip_address(host.address).is_loopback
    except ValueError:
        return host.address == "localhost"
