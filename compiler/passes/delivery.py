"""What a `check` demands of the way from a source to a sink: that events arrive, and how often."""

from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic, Place, closest
from flumec.compiler.followed import Followed, Onward, followed
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.claim import Claim, Delivery, Effect, Failure, Harm
from flumec.compiler.proofs.demands import Demand, demands
from flumec.compiler.proofs.words import (
    DELIVERY,
    HARM,
    dotted,
    failure_words,
    harm_words,
    harms,
    reasoning,
)


class NeverArrives(Diagnostic, code="FL605"):
    """A check is about events that never come to its sink: no chain and no link leads there.

    None leads there either for events that a route on the way always sends elsewhere: by what
    another route before it found in the same header, or by what a step set it to.

    Nor do checks follow events into the files of a sink and out of them again, where another source
    follows these.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      source others : seq

      channel spool : file

      channel second : file

      sink out : null

      sink rest : null

      numbers -> spool
      others -> second
      spool -> out
      second -> rest
    }

    check "numbers arrive" {
      from = a.numbers
      to = a.rest
      delivery = at_least_once
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      source others : seq

      channel spool : file

      channel second : file

      sink out : null

      sink rest : null

      numbers -> spool
      others -> second
      spool -> out
      second -> rest
    }

    check "numbers arrive" {
      from = a.numbers
      to = a.out
      delivery = at_least_once
    }
    ```
    """

    source: str
    sink: str
    reached: tuple[str, ...]
    by_files: tuple[Followed, ...]
    """The files by which they come there nonetheless."""

    @property
    def message(self) -> str:
        ends = f"from `{self.source}` to `{self.sink}`"
        if self.by_files:
            return f"events come {ends} by way of files alone, where no check can follow them"
        return f"no events come {ends}"

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(
            f"`{dotted(one.source)}` follows what `{dotted(one.sink)}` writes, as `{one.file}`"
            for one in self.by_files
        )

    @property
    def hint(self) -> str:
        if self.by_files:
            return "check each part of the way, from its source to its sink; or join them by a link"
        if not self.reached:
            return f"events of `{self.source}` come to no sink"
        near = closest(self.sink, self.reached)
        return near or f"they come to {', '.join(f'`{sink}`' for sink in self.reached[:4])}"


class DeliveryBroken(Diagnostic, code="FL602"):
    """A check demands a delivery that the fleet does not have: some failure loses or repeats.

    The weakest place is named, every failure that does harm with the place where it does, and what
    to write instead. What a failure's name means is in docs/proofs.md.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }

    check "numbers arrive" {
      from = a.numbers
      to = a.out
      delivery = at_least_once
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

    check "numbers arrive" {
      from = a.numbers
      to = a.out
      delivery = at_least_once
    }
    ```
    """

    title: str
    claim: Claim
    wanted: Delivery

    @property
    def message(self) -> str:
        ends = f"`{dotted(self.claim.source)}` to `{dotted(self.claim.sink)}`"
        return f'"{self.title}" does not hold: {ends} is {DELIVERY[self.claim.delivery]}'

    @property
    def label(self) -> str:
        weakest = self.claim.weakest
        return "" if weakest is None else f"{failure_words([weakest.failure])}: {weakest.reason}"

    @property
    def notes(self) -> tuple[str, ...]:
        told = dict.fromkeys(("from", "through", "assuming"), "")
        said = [f"{part} {line}" for part, line in reasoning(self.claim) if part in told]
        broken = [harm_words(effect, failures) for effect, failures in self._broken()]
        return (*said[:2], *broken, *said[2:])

    @property
    def places(self) -> tuple[Place, ...]:
        worst = [effect for effect, _ in reversed(self._broken())]
        first = {(each.span.start, each.harm): each for each in worst}
        shown = [each for each in reversed(worst) if first[each.span.start, each.harm] is each]
        return tuple(Place(each.span, f"{HARM[each.harm]} here") for each in shown)

    @property
    def hint(self) -> str | None:
        cures = dict.fromkeys(effect.cure for effect, _ in self._broken() if effect.cure)
        return "; and ".join(cures) or None

    def _broken(self) -> list[tuple[Effect, Sequence[Failure]]]:
        """Return the harms that the wanted delivery excludes, the weakest place first."""
        excluded = EXCLUDED[self.wanted]
        return [(one, by) for one, by in harms(self.claim) if one.harm & excluded]


EXCLUDED: dict[Delivery, Harm] = {
    "best_effort": Harm.NONE,
    "at_least_once": Harm.LOSES,
    "exactly_once": Harm.LOSES | Harm.REPEATS,
}


def check_delivery(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield checks of events that never arrive, or not as often as they demand."""
    for demand in demands(fleet, graph):
        if demand.claim is None:
            ends = dotted(demand.source), dotted(demand.sink)
            yield NeverArrives(demand.to, *ends, demand.near, _by_files(demand, graph))
            continue
        delivery = demand.proof.values.get("delivery")
        if delivery is not None and demand.claim.harm & EXCLUDED[delivery.value]:
            yield DeliveryBroken(delivery.span, demand.proof.title, demand.claim, delivery.value)


def _by_files(demand: Demand, graph: Graph) -> tuple[Followed, ...]:
    """Return by which files events come to a sink that no chain or link brings them to."""
    onward = Onward(graph.derived(followed), graph)
    return onward.shortest(
        onward.from_source(demand.source),
        lambda last: demand.sink in graph.reachable([last.source]),
    )
