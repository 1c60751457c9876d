"""Both ends of a link fit."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Component, End, Fleet, Link


class WrongLinkEnd(Diagnostic, code="FL322"):
    """A link does not join a channel to a channel, or to a `link` source.

    What crosses hosts waits in a channel on either side: the sender keeps it until the receiver has
    it on disk. A receiver that routes or changes it has a source for it, `source feed : link`.

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
      sink out : null
    }

    a.spool => b.out {
      port = 4141
      tls = mutual
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
    ```
    """

    end: Component
    sends: bool

    @property
    def message(self) -> str:
        side = "start at" if self.sends else "end in"
        return f"a link cannot {side} the {self.end.kind} `{self.end.name}`"

    @property
    def hint(self) -> str:
        if self.sends:
            return "a link joins a channel to a channel of another agent"
        return "a link leads to a channel of another agent, or to a `source NAME : link` of it"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.end.name_span, f"`{self.end.name}` is a {self.end.kind}"),)


class NothingArrives(Diagnostic, code="FL326"):
    """A `link` source has no link that leads to it.

    It takes what links bring through a chain; without one, nothing ever comes.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink here : null

      numbers -> spool
      spool -> here
    }

    agent b on core {
      source feed : link

      channel inbox : file

      sink out : null

      feed -> inbox
      inbox -> out
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
      source feed : link

      channel inbox : file

      sink out : null

      feed -> inbox
      inbox -> out
    }

    a.spool => b.feed {
      port = 4141
      tls = mutual
    }
    ```
    """

    agent: str
    source: str

    @property
    def message(self) -> str:
        return f"no link leads to `{self.source}`"

    @property
    def hint(self) -> str:
        return f"`AGENT.CHANNEL => {self.agent}.{self.source}` does, or leave it out"


class LinkToItself(Diagnostic, code="FL323"):
    """A link's two ends are in one agent.

    `=>` crosses hosts. Inside an agent a source's chain reaches every channel, in one transaction.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel one : file

      channel two : file

      sink out : null

      numbers -> one
      two -> out
    }

    a.one => a.two {
      port = 4141
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel one : file

      sink out : null

      numbers -> one
      one -> out
    }
    ```
    """

    agent: str

    @property
    def message(self) -> str:
        return f"both ends of this link are in the agent `{self.agent}`"

    @property
    def hint(self) -> str:
        return "let the source's chain end in the second channel: `SOURCE -> a, b`"


def _component(fleet: Fleet, end: End) -> Component | None:
    agent = fleet.agents.get(end.agent)
    return agent.components.get(end.component) if agent else None


def arrives(component: Component) -> bool:
    """Return whether events come into a component by links alone."""
    return component.kind == "source" and component.type == "link"


def check_links(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield links whose ends do not fit, and sources for links without one."""
    for link in fleet.links:
        yield from check_ends(fleet, link)
    for agent in fleet.agents.values():
        for component in agent.components.values() if agent.name not in fleet.unsure else ():
            if arrives(component) and not graph.writers((agent.name, component.name)):
                yield NothingArrives(component.name_span, agent.name, component.name)


def check_ends(fleet: Fleet, link: Link) -> Iterator[Diagnostic]:
    """Yield ends that are no channels, and ends in one agent."""
    sender = _component(fleet, link.sender)
    if sender is not None and sender.kind != "channel":
        yield WrongLinkEnd(link.sender.span, sender, sends=True)
    for target in link.targets:
        end = _component(fleet, target)
        if end is None:
            continue
        if target.agent == link.sender.agent and target.component != link.sender.component:
            yield LinkToItself(target.span, target.agent)
        if end.kind == "sink" or (end.kind == "source" and not arrives(end)):
            yield WrongLinkEnd(target.span, end, sends=False)
