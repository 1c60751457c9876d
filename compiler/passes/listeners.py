"""Links that share a listener agree about it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import End, Fleet, Link, Value
from flumec.compiler.secured import tls_of
from flumec.compiler.source import Span
from flumec.compiler.values import canonical


class UnlikeListeners(Diagnostic, code="FL325"):
    """Two links share a listener, and say different things of it.

    Links into one channel with equal port, wire and TLS share one listener, which has one window,
    one bound on its memory and one time-out. One of the two would be ignored.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts app = ["app-1"]

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on app {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent c on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => c.inbox {
      port = 4141
      tls = mutual
    }

    b.spool => c.inbox {
      port = 4141
      window = 1MiB
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts app = ["app-1"]

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on app {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent c on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => c.inbox {
      port = 4141
      window = 1MiB
      tls = mutual
    }

    b.spool => c.inbox {
      port = 4141
      window = 1MiB
      tls = mutual
    }
    ```
    """

    name: str
    values: tuple[str, str]
    into: str
    first: Span

    @property
    def message(self) -> str:
        mine, theirs = self.values
        return (
            f"`{self.name}` is {mine} here and {theirs} on another link into `{self.into}`, "
            "which shares the listener"
        )

    @property
    def hint(self) -> str:
        return f"give both the same `{self.name}`, or one of them another port"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first, "the other link"),)


def check_listeners(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield links that say of a shared listener what the first of them does not."""
    sharing: dict[Any, list[Link]] = defaultdict(list)
    for link in fleet.links:
        for end in link.targets:
            sharing[listener_of(link, end)].append(link)
    for key, links in sharing.items():
        for link in links[1:]:
            yield from check_alike(links[0], link, f"{key[0]}.{key[1]}")


def listener_of(link: Link, end: End) -> tuple[Any, ...]:
    """Return by what a listener is known: links of which all this is equal share one."""
    port = str(canonical(link.values.get("port")))
    return end.agent, end.component, link.via, port, tls_of(link)


@cache
def listening() -> Sequence[str]:
    """Return the properties of a link that are its listener's, not its sender's alone."""
    from flumec.runtime.links import ArrowReceiver
    from flumec.runtime.links.settings import LinkSettings

    return [name for name in ArrowReceiver.props if name in LinkSettings.props and name != "port"]


def check_alike(first: Link, link: Link, into: str) -> Iterator[Diagnostic]:
    """Yield what a link says of a listener, and another that shares it says otherwise."""
    from flumec.runtime.links.settings import LinkSettings

    for name in listening():
        default = LinkSettings.props[name].default
        held = (link.values.get(name), first.values.get(name))
        mine, theirs = (default if value is None else value.value for value in held)
        if canonical(mine) != canonical(theirs):
            span, other = (
                _span(value, one) for value, one in zip(held, (link, first), strict=True)
            )
            yield UnlikeListeners(span, name, (str(mine), str(theirs)), into, other)


def _span(value: Value | None, link: Link) -> Span:
    """Return where a value stands, or the link that leaves it at its default."""
    return link.sender.span if value is None else value.span
