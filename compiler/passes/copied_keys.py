"""A key by which copies are known is the same in all of them, wherever and whenever they enter."""

from collections.abc import Iterator

from flumec.compiler.deduplicated import deduplicated, key_headers
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.headers.copied import Copied
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.model import Fleet
from flumec.compiler.passes.shared_keys import shared
from flumec.compiler.source import Span


class CopiesDiffer(Diagnostic, code="FL911", severity="warning"):
    """The key of a `dedup` is made from what is another on each copy of an event.

    A client that posts an event to two machines, or twice to one, sends the same event. A header
    that a machine sets to its own time is another on each copy, and one that goes by the machine
    may be, where copies come to several of them; so is a `fingerprint` of it. Such copies are not
    known as copies.

    A key is made of what the client sent: an id of its own, or a fingerprint of the headers and the
    body that came with the event.

    ## Example

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel out : file

      trades -> host() -> fingerprint(header.id, of = [header.host, body]) -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      inbox -> ledger
    }

    feed.out => book.inbox {
      port = 4242
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel out : file

      trades -> host() -> fingerprint(header.id, of = [header.seq, body]) -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        format = json

        dedup {
          key = header.id
          late = drop
        }
      }

      inbox -> ledger
    }

    feed.out => book.inbox {
      port = 4242
      tls = mutual
    }
    ```
    """

    key: str
    sink: str
    how: str
    """How a message says that it differs."""
    cause: str
    made: Span

    @property
    def message(self) -> str:
        return f"`{self.key}` {self.how} that comes to `{self.sink}`: {self.cause}"

    @property
    def hint(self) -> str:
        return "make the key from what the client sends: its own id, or a `fingerprint` of that"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.made, "it is set here"),)


def check_copied_keys(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield keys of a `dedup` that a machine makes up, where clients post events."""
    for node, dedup in deduplicated(fleet):
        names = key_headers(dedup)
        if shared(header_flow(graph).at(node), names):  # which is said, and is worse
            continue
        marks = graph.derived(Copied).at(node)
        for name in names:
            if name in marks:
                mark, sink = marks[name], f"{node[0]}.{node[1]}"
                place = dedup.value.values["key"].span
                yield CopiesDiffer(place, f"header.{name}", sink, mark.said, mark.cause, mark.span)
