"""What a `check` demands of the order in which a source's events are at a sink."""

from collections.abc import Iterator

from flumec.compiler.deduplicated import headers_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.demands import demands
from flumec.compiler.proofs.words import dotted, order_words


class OrderBroken(Diagnostic, code="FL603"):
    """A check demands an order in which the events do not arrive.

    `order = source` is the order of a source's events on each host; `order = key` that of events
    with one value of the check's `key`. Links that choose among hosts, groups, and ways that part
    and meet keep less, and where copies come about one that is lost leaves the next one behind
    events that are newer. A sink that writes into several folders keeps it in each.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink left : file_roll {
        directory = "/srv/left"
      }

      sink right : file_roll {
        directory = "/srv/right"
      }

      numbers -> spool
      spool -> balance(left, right)
    }

    check "numbers ascend" {
      from = a.numbers
      to = a.left
      order = source
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink left : file_roll {
        directory = "/srv/left"
      }

      numbers -> spool
      spool -> left
    }

    check "numbers ascend" {
      from = a.numbers
      to = a.left
      order = source
    }
    ```
    """

    title: str
    claim: Claim

    @property
    def message(self) -> str:
        ends = f"`{dotted(self.claim.source)}` to `{dotted(self.claim.sink)}`"
        kept = self.claim.order.keys is not None
        said = f"keeps order {order_words(self.claim.order)}" if kept else "keeps no order"
        return f'"{self.title}" does not hold: {ends} {said}'

    @property
    def label(self) -> str:
        return self.claim.order.reason

    @property
    def places(self) -> tuple[Place, ...]:
        span = self.claim.order.span
        return () if span is None else (Place(span, "here"),)

    @property
    def hint(self) -> str:
        keys = self.claim.order.keys
        if self.claim.order.cure:
            return self.claim.order.cure
        if keys is None:
            return "one way and one host (`policy = single`), or `hash(header.x)` and `order = key`"
        return f"`order = key` and `key = {', '.join(f'header.{key}' for key in sorted(keys))}`"


class OrderOfNoKey(Diagnostic, code="FL606"):
    """A check demands the order of each key's events, and does not say what the key is.

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

    check "numbers ascend" {
      from = a.numbers
      to = a.out
      order = key
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

    check "numbers ascend" {
      from = a.numbers
      to = a.out
      order = key
      key = header.user
    }
    ```
    """

    @property
    def message(self) -> str:
        return "`order = key` needs a `key`"

    @property
    def hint(self) -> str:
        return "`key = header.x`, by which events are told apart, or `order = source`"


def check_ordering(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield checks of an order that is not kept, or is not said whole."""
    for demand in demands(fleet, graph):
        order, key = demand.proof.values.get("order"), demand.proof.values.get("key")
        if order is None or order.value == "none" or demand.claim is None:
            continue
        if order.value == "key" and key is None:
            yield OrderOfNoKey(order.span)
            continue
        kept, equal = demand.claim.order.keys, headers_of(key) if order.value == "key" else ()
        if kept is None or not kept <= frozenset(equal):
            yield OrderBroken(order.span, demand.proof.title, demand.claim)
