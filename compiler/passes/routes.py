"""Every event knows where a route sends it."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.fix import Fix, without_item
from flumec.compiler.graph import Graph
from flumec.compiler.model import Arm, Fleet, Route
from flumec.compiler.source import Span


class RouteWithoutElse(Diagnostic, code="FL311"):
    """A route has no `else`.

    An event with another value, or without the header, would have nowhere to go. What happens to it
    is for the file to say: a channel, or `drop`, which is counted.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
      }

      channel clicks : memory

      sink out : null

      events -> route header.kind {
        "click" -> clicks
      }

      clicks -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
      }

      channel clicks : memory

      sink out : null

      events -> route header.kind {
        "click" -> clicks
        else -> drop
      }

      clicks -> out
    }
    ```
    """

    header: str

    @property
    def message(self) -> str:
        by = f"the route by `header.{self.header}`" if self.header else "this route"
        return f"{by} has no `else`"

    @property
    def hint(self) -> str:
        return (
            "say where all other events go: `else -> CHANNEL`, or `else -> drop`, which counts them"
        )


class ElseNotLast(Diagnostic, code="FL312"):
    """An arm stands after `else`, or there are two.

    `else` takes what no other arm takes. It is read as the last arm, so it has to stand there.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
      }

      channel clicks : memory

      sink out : null

      events -> route header.kind {
        else -> drop
        "click" -> clicks
      }

      clicks -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
      }

      channel clicks : memory

      sink out : null

      events -> route header.kind {
        "click" -> clicks
        else -> drop
      }

      clicks -> out
    }
    ```
    """

    @property
    def message(self) -> str:
        return "`else` is not the last arm of its route"

    @property
    def hint(self) -> str:
        return "one `else`, at the end"


class RepeatedValue(Diagnostic, code="FL313"):
    """A route takes the same value twice.

    The second would never get an event.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
      }

      channel clicks : memory

      sink out : null

      events -> route header.kind {
        "click" -> clicks
        "click" -> drop
        else -> drop
      }

      clicks -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
      }

      channel clicks : memory

      sink out : null

      events -> route header.kind {
        "click" -> clicks
        else -> drop
      }

      clicks -> out
    }
    ```
    """

    value: str
    first: Span
    same: bool
    """Whether it is the same arm."""

    @property
    def message(self) -> str:
        if self.same:
            return f'"{self.value}" stands twice in this arm'
        return f'"{self.value}" has an arm already'

    @property
    def hint(self) -> str | None:
        return None if self.same else "an arm may lead to several channels: `-> a, b`"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first, "first here" if self.same else "this arm takes it"),)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return without_item(self.span) if self.same else None


def check_routes(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield routes that leave a value without a way, or give it two."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            if isinstance(chain.end, Route):
                yield from check_route(chain.end)


def check_route(route: Route) -> Iterator[Diagnostic]:
    """Yield what is wrong with one route."""
    others = [arm for arm in route.arms if arm.values is None]
    if not others:
        yield RouteWithoutElse(route.span, route.header)
    for arm in others:
        if arm is not route.arms[-1]:
            yield ElseNotLast(arm.span)
    taken: dict[str, tuple[Arm, Span]] = {}
    for arm in route.arms:
        for value, span in zip(arm.values or (), arm.spans, strict=False):
            first, place = taken.setdefault(value, (arm, span))
            if place is not span:
                yield RepeatedValue(span, value, place, same=first is arm)
