"""By which key a `check` counts events: the one that the `dedup` of its sink goes by."""

from collections.abc import Iterator

from flumec.compiler.deduplicated import DEDUP, headers_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Component, Fleet, Settings, Value
from flumec.compiler.proofs.demands import demands
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span


class AnotherKey(Diagnostic, code="FL604"):
    """A check counts events by one key, and the `dedup` of its sink leaves copies out by another.

    Two events that the check takes for two may be one to the sink, or the other way round.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel spool : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = late
        }
      }

      channel late : file

      trades -> spool
      spool -> ledger
    }

    check "each trade is booked once" {
      from = a.trades
      to = a.ledger
      delivery = exactly_once
      key = header.trade
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel spool : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = late
        }
      }

      channel late : file

      trades -> spool
      spool -> ledger
    }

    check "each trade is booked once" {
      from = a.trades
      to = a.ledger
      delivery = exactly_once
      key = header.id
    }
    ```
    """

    title: str
    sink: str
    wanted: str
    dedup: str
    other: Span

    @property
    def message(self) -> str:
        return (
            f'"{self.title}" counts events by `{self.wanted}`, and `{self.sink}` leaves copies out '
            f"by `{self.dedup}`"
        )

    @property
    def hint(self) -> str:
        return f"`key = {self.dedup}`, or a `dedup` by `{self.wanted}`"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.other, "the key of its `dedup`"),)


def check_counting(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield checks that count by another key than their sink."""
    for demand in demands(fleet, graph):
        key, delivery = demand.proof.values.get("key"), demand.proof.values.get("delivery")
        if key is None or delivery is None or delivery.value != "exactly_once":
            continue
        agent = fleet.agents[demand.sink[0]]
        other = _key_of(agent.components[demand.sink[1]])
        if other is not None and set(headers_of(key)) != set(headers_of(other)):
            sink, title = dotted(demand.sink), demand.proof.title
            yield AnotherKey(key.span, title, sink, _shown(key), _shown(other), other.span)


def _key_of(sink: Component) -> Value | None:
    dedup = sink.values.get(DEDUP)
    inner = dedup.value.values if dedup is not None and isinstance(dedup.value, Settings) else {}
    return inner.get("key")


def _shown(key: Value) -> str:
    named = [f"header.{name}" for name in headers_of(key)]
    return named[0] if len(named) == 1 else f"[{', '.join(named)}]" if named else "tag"
