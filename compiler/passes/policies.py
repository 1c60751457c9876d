"""A link to several hosts says how it chooses among them."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet, Link
from flumec.compiler.passes.groups import SharedSpill
from flumec.runtime.channels import Spill


class MissingPolicy(Diagnostic, code="FL320"):
    """A link to several hosts does not say which of them gets an event.

    To each a copy, to one of them, to the others only when the first is down: all three are wanted
    somewhere, and they lose or double different events.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      tls = mutual
    }
    ```
    """

    hosts: int

    @property
    def message(self) -> str:
        return f"a link to {self.hosts} hosts needs a `policy`"

    @property
    def hint(self) -> str:
        return "`policy = failover`, `balance`, `hash(header.x)` or `all`"


class PolicyOfOne(Diagnostic, code="FL321"):
    """A link says `policy = single` and leads to several hosts.

    `single` promises that there is one receiver, and that order is kept.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      policy = single
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      policy = single
      tls = mutual
    }
    ```
    """

    hosts: int

    @property
    def message(self) -> str:
        return f"`policy = single`, but the link leads to {self.hosts} hosts"

    @property
    def hint(self) -> str:
        return "`policy = failover`, `balance`, `hash(header.x)` or `all`; or a set of one host"


def check_policies(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield links that do not say which of several hosts gets an event."""
    for link in fleet.links:
        yield from check_policy(fleet, link)
        yield from check_shared(fleet, link)


def check_policy(fleet: Fleet, link: Link) -> Iterator[Diagnostic]:
    """Yield a link to several hosts without a policy, or with that for one."""
    agents = [fleet.agents[target.agent] for target in link.targets if target.agent in fleet.agents]
    hosts = len({host.name for agent in agents for host in agent.hosts.hosts})
    policy = link.values.get("policy")
    if "policy" in link.mistaken:
        return
    if hosts > 1 and policy is None:
        yield MissingPolicy(link.span, hosts)
    elif hosts > 1 and policy is not None and str(policy.value) == "single":
        yield PolicyOfOne(policy.span, hosts)


def check_shared(fleet: Fleet, link: Link) -> Iterator[Diagnostic]:
    """Yield a link that shares a channel among several peers, where that cannot be shared."""
    policy, sender = link.values.get("policy"), fleet.agents.get(link.sender.agent)
    if policy is None or sender is None or str(policy.value) not in ("failover", "balance"):
        return
    channel = sender.components.get(link.sender.component)
    if channel is not None and channel.declaration is Spill:
        yield SharedSpill(policy.span, channel.name, channel.type_span)
