"""What one put may bring, and what one file may hold, against the channel that it lies in."""

from collections.abc import Iterator

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, ends
from flumec.compiler.model import Agent, Chain, Component, Fleet
from flumec.compiler.source import Span
from flumec.runtime.component import Source
from flumec.runtime.quantity import Size


class LargerThanChannel(Diagnostic, code="FL913", severity="warning"):
    """What a source puts at once may be larger than the channel that it goes into.

    A put is stored whole or not at all. One that is larger than the whole channel is let in only
    while that is empty: source and sink then take turns, each waiting for the other, and a channel
    that rejects, or is optional, refuses what comes while anything is in it.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clicks : http {
        port = 8080
        bind = "127.0.0.1"
        max_body = 16MiB
      }

      channel spool : memory {
        size = 1MiB
      }

      sink out : null

      clicks -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clicks : http {
        port = 8080
        bind = "127.0.0.1"
        max_body = 16MiB
      }

      channel spool : memory {
        size = 64MiB
      }

      sink out : null

      clicks -> spool
      spool -> out
    }
    ```
    """

    source: str
    most: Size
    bound: str
    channel: str
    room: Size
    place: Span
    refuses: bool

    @property
    def message(self) -> str:
        return (
            f"`{self.source}` puts up to {self.most} at once, and `{self.channel}` holds "
            f"{self.room}"
        )

    @property
    def label(self) -> str:
        end = "is refused else" if self.refuses else "waits until then"
        return f"a large put fits while it is empty, and {end}"

    @property
    def hint(self) -> str:
        needed = Size(4 * self.most)
        return f"room for several puts, `size = {needed}`; or a smaller `{self.bound}`"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.place, f"the source: `{self.bound}`"),)


def check_fitting(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels that one put of a source does not fit into."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            source = agent.components.get(chain.start)
            declared = None if source is None else source.declaration
            if source and declared and issubclass(declared, Source) and declared.largest:
                yield from _of_chain(agent, chain, source, declared)


def _of_chain(
    agent: Agent, chain: Chain, source: Component, declared: type[Source]
) -> Iterator[LargerThanChannel]:
    for target in ends(chain):
        channel = agent.components.get(target.name or "")
        if channel is None or channel.kind != "channel" or "size" not in channel.values:
            continue
        if channel.declaration is None:  # of a type that there is not, which was reported
            continue
        for host in agent.hosts.hosts[:1]:
            brought = complete(declared, source.values, host)
            held = complete(channel.declaration, channel.values, host)
            if brought is None or held is None:
                continue
            most, room = brought[declared.largest], Size(held["size"] + held.get("memory", 0))
            if most > room:
                written = source.values.get(declared.largest)
                place = source.name_span if written is None else written.span
                refuses = target.optional or held["when_full"] == "reject"
                yield LargerThanChannel(
                    channel.values["size"].span, source.name, most, declared.largest,
                    channel.name, room, place, refuses,
                )  # fmt: skip
