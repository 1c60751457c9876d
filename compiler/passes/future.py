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


def check_future(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield every use of what is not possible yet."""
    for feature, span in fleet.future:
        yield NotPossibleYet(span, feature)
