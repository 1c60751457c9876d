"""Whether a check says for how long a link is cut."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.scenes import faults_of, length_of
from flumec.compiler.proofs.words import dotted


class NothingSaysHowLong(Diagnostic, code="FL623", severity="warning"):
    """A check survives that a link is cut, and nothing says for how long.

    What is sent again is not lost, however often a link is cut. What may be too small is the
    channel before it, and that is a question of time. Beside an outage, or another fault that says
    how long it lasts, a cut lasts as long.

    ## Example

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

    check "numbers arrive" {
      from = a.numbers
      to = b.out
      rate = 100KB/s
      survives = [cut(a.spool)]
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

    check "numbers arrive" {
      from = a.numbers
      to = b.out
      rate = 100KB/s
      survives = [cut(a.spool, 1h)]
    }
    ```
    """

    link: str

    @property
    def message(self) -> str:
        return f"nothing says for how long `{self.link}` is cut: no room is asked for"

    @property
    def hint(self) -> str:
        return f"say it: `cut({self.link}, 1h)`"


def check_lasting(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield the links that are cut for no time."""
    for proof in fleet.proofs:
        faults = faults_of(proof)
        if any(length_of(fault) is not None for fault in faults):
            continue
        for fault in faults:
            if fault.kind == "cut":
                link = dotted(fault.values["link"].value.node)
                yield NothingSaysHowLong(fault.span, link)
