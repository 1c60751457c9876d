"""A check that counts events by a key wants copies left out, which only a `dedup` does."""

from collections.abc import Iterator

from flumec.compiler.deduplicated import DEDUP
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.headers.steps import shown
from flumec.compiler.headers.uses import headers_in
from flumec.compiler.model import Component, Fleet, Proof
from flumec.compiler.source import Span


class NothingLeftOut(Diagnostic, code="FL364"):
    """A check wants one event for each key, and its sink writes whatever comes.

    `delivery = exactly_once` with a `key` says that two events with one key are one: an event that
    a client posts to two machines is to be there once. Without a `dedup` both are written, as two
    events they are, each exactly once.

    A check of `order = key` is not meant: there the key says among which events order is kept.

    ## Example

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        tls = server
        request_id = "Idempotency-Key"
      }

      channel out : file

      trades -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        format = json
      }

      inbox -> ledger
    }

    feed.out => book.inbox {
      port = 4242
      tls = mutual
    }

    check "each trade is booked once" {
      from = feed.trades
      to = book.ledger
      delivery = exactly_once
      key = header.id
    }
    ```

    ## Instead

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        tls = server
        request_id = "Idempotency-Key"
      }

      channel out : file

      trades -> out
    }

    agent book on vault {
      channel inbox : file

      channel late : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        format = json

        dedup {
          key = header.id
          late = late
        }
      }

      inbox -> ledger
    }

    feed.out => book.inbox {
      port = 4242
      tls = mutual
    }

    check "each trade is booked once" {
      from = feed.trades
      to = book.ledger
      delivery = exactly_once
      key = header.id
    }
    ```
    """

    title: str
    key: tuple[str, ...]
    sink: str
    written: Span

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold: `{self.sink}` leaves no copies out'

    @property
    def label(self) -> str:
        return "by this key two events are one"

    @property
    def hint(self) -> str:
        key = ", ".join(shown(name) for name in self.key)
        said = key if len(self.key) == 1 else f"[{key}]"
        return f"give `{self.sink}` a `dedup` with `key = {said}`"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.written, "whatever comes is written"),)


def check_left_out(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield checks that count by a key of which their sink knows nothing."""
    for proof in fleet.proofs:
        end = proof.values["to"].value if "to" in proof.values else None
        agent = fleet.agents.get(end.agent) if end is not None else None
        sink = agent.components.get(end.component) if agent is not None and end else None
        if sink is not None and _counts(proof) and _writes_all(sink):
            key, name = proof.values["key"], f"{end.agent}.{end.component}" if end else ""
            yield NothingLeftOut(
                key.span, proof.title, tuple(headers_in(key)), name, sink.name_span
            )


def _counts(proof: Proof) -> bool:
    """Return whether a check wants one event for each of its keys."""
    values = proof.values
    delivery, order = values.get("delivery"), values.get("order")
    if "key" not in values or delivery is None or delivery.value != "exactly_once":
        return False
    return (order is None or order.value != "key") and bool(headers_in(values["key"]))


def _writes_all(sink: Component) -> bool:
    """Return whether a sink means to leave nothing out: a `dedup` with a mistake was meant."""
    return DEDUP not in sink.values and DEDUP not in sink.mistaken and sink.declaration is not None
