"""What a check survives can happen: the link that is cut exists, and so do the hosts that go."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, closest, listed
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fault, Fleet, Value
from flumec.compiler.proofs.scenes import faults_of


class CannotHappen(Diagnostic, code="FL614"):
    """A check survives what cannot happen: it says less than it seems to.

    `cut` takes the channel that a link sends from. No link begins at the channel where one ends,
    and a check that cuts it there would hold whatever the fleet does. Nor can more hosts be killed
    or lost than the agent runs on.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1"]

    agent tailer on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    tailer.spool => collector.inbox {
      port = 4141
      tls = mutual
    }

    check "numbers arrive" {
      from = tailer.numbers
      to = collector.out
      rate = 1kB/s
      survives = [cut(collector.inbox, 1h)]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1"]

    agent tailer on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    tailer.spool => collector.inbox {
      port = 4141
      tls = mutual
    }

    check "numbers arrive" {
      from = tailer.numbers
      to = collector.out
      rate = 1kB/s
      survives = [cut(tailer.spool, 1h)]
    }
    ```
    """

    reason: str
    near: str | None

    @property
    def message(self) -> str:
        return self.reason

    @property
    def hint(self) -> str | None:
        return self.near


def check_possible_faults(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield the faults of checks that cannot happen."""
    for proof in fleet.proofs:
        for fault in faults_of(proof):
            yield from _of_fault(fleet, graph, fault)


def _of_fault(fleet: Fleet, graph: Graph, fault: Fault) -> Iterator[CannotHappen]:
    link, count = fault.values.get("link"), fault.values.get("count")
    if link is not None and not fleet.unsure and not graph.sends(link.value.node):
        yield CannotHappen(link.span, f"no link begins at `{_shown(link)}`", _meant(fleet, link))
    if count is not None:
        agent = fleet.agents[str(fault.values["agent"].value)]
        hosts = len(agent.hosts.hosts)
        if hosts and count.value > hosts:  # a set without hosts was reported
            number = f"{hosts} host{'' if hosts == 1 else 's'}"
            yield CannotHappen(count.span, f"`{agent.name}` runs on {number}", None)


def _shown(link: Value) -> str:
    return ".".join(link.value.node)


def _meant(fleet: Fleet, link: Value) -> str:
    """Return which channel is meant: that of a link which ends here, else one with a like name."""
    ends = {link.sender.node: {end.node for end in link.targets} for link in fleet.links}
    leading = [".".join(sender) for sender, there in ends.items() if link.value.node in there]
    if leading:
        known = ", ".join(f"`{name}`" for name in leading[:4])
        return f"`cut` takes the channel that a link sends from: {known}"
    names = [".".join(sender) for sender in ends]
    found = closest(_shown(link), names)
    return found or listed("channels that send over links", names, "there are no links")
