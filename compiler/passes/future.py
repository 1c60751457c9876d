"""What the language can say and this version cannot do yet: refused by name, never ignored."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet


class NotPossibleYet(Diagnostic, code="FL701"):
    """The file asks for something that the language knows and this version's runtime does not do.

    The rest of the file is checked all the same, so that the description can be written now.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink store : kafka {
        brokers = ["k1.example.com:9092"]
        topic = "logs"
      }

      numbers -> spool
      spool -> store
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink store : file_roll {
        directory = "/srv/logs"
      }

      numbers -> spool
      spool -> store
    }
    ```
    """

    feature: str

    @property
    def message(self) -> str:
        return f"{self.feature} is not possible yet"

    @property
    def hint(self) -> str:
        return "`flumec components` lists what this version can do"


class NotEvaluated(Diagnostic, code="FL903", severity="note"):
    """A `check` block was read and its names and types checked, but not evaluated.

    It says nothing yet about whether what it demands holds.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> out
    }

    check "numbers arrive" {
      from = a.numbers
      to = a.out
      rate = 200KB/s
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    title: str
    kind: str

    @property
    def message(self) -> str:
        return f'the {self.kind} "{self.title}" was not evaluated'


_UNPROVEN = {"rate", "peak", "survives"}
"""What a check may say and nothing evaluates."""


def check_future(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield every use of what is not possible yet, and the checks that were only read."""
    for feature, span in fleet.future:
        yield NotPossibleYet(span, feature)
    for proof in fleet.proofs:
        if proof.values.keys() & _UNPROVEN:
            yield NotEvaluated(proof.span, proof.title, "check")
