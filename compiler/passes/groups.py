"""Groups of sinks: who can be a member of one, and of which channel."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Chain, Fleet, Group
from flumec.compiler.passes.targets import RepeatedTarget
from flumec.compiler.source import Span
from flumec.runtime.channels import Spill


class LonelyMember(Diagnostic, code="FL350"):
    """A group has fewer than two members, so there is nobody to share with, or to take over.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> failover(out)
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink out : null

      sink spare : null

      numbers -> spool
      spool -> failover(out, spare)
    }
    ```
    """

    kind: str
    members: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"`{self.kind}` needs two members or more, and has {len(self.members)}"

    @property
    def hint(self) -> str:
        alone = self.members[0] if self.members else "SINK"
        return f"one sink alone needs no group: `CHANNEL -> {alone}`"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if len(self.members) != 1 or not self.members[0]:
            return None
        return replaced(self.span, self.members[0], "name the sink alone", safe=True)


class SharedDedup(Diagnostic, code="FL351"):
    """A member of a group has a `dedup`, and each member knows only what it has written itself.

    Of two copies of an event one may come to this member and the other one to another, so both are
    written. Where copies are left out, one sink must see them all.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel spool : file

      sink one : file_roll {
        directory = "/srv/one"

        dedup {
          key = header.id
          late = drop
        }
      }

      sink two : file_roll {
        directory = "/srv/two"
      }

      trades -> spool
      spool -> failover(one, two)
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

      sink one : file_roll {
        directory = "/srv/one"

        dedup {
          key = header.id
          late = drop
        }
      }

      trades -> spool
      spool -> one
    }
    ```
    """

    sink: str
    group: Group

    @property
    def message(self) -> str:
        return f"`{self.sink}` cannot leave copies out: `{self.group.kind}` gives some to others"

    @property
    def hint(self) -> str:
        return "leave copies out where all of them come by, at one sink that is in no group"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.group.span, "the group that shares the events"),)


class SharedSpill(Diagnostic, code="FL352"):
    """A group, or a link to several hosts, reads a channel that spills, which only one reader can.

    What of such a channel lies in memory and what on disk is noted for one reader.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel buffer : spill

      sink one : null

      sink two : null

      numbers -> buffer
      buffer -> balance(one, two)
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel buffer : file

      sink one : null

      sink two : null

      numbers -> buffer
      buffer -> balance(one, two)
    }
    ```
    """

    channel: str
    declared: Span

    @property
    def message(self) -> str:
        return f"the channel `{self.channel}` spills, and cannot be shared"

    @property
    def hint(self) -> str:
        return "a `file` or `memory` channel can be shared"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.declared, "it is a `spill` channel"),)


def check_groups(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield groups that are none, and members and channels that cannot be in one."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            if isinstance(chain.end, Group):
                yield from check_group(agent, chain, chain.end)


def check_group(agent: Agent, chain: Chain, group: Group) -> Iterator[Diagnostic]:
    """Yield what is wrong with one group."""
    members = tuple(member.name or "" for member in group.members)
    if len(members) < 2:
        yield LonelyMember(group.span, group.kind, members)
    for place, member in enumerate(group.members):
        if member.name in members[:place]:
            yield RepeatedTarget(member.span, member.name or "")
    for name in dict.fromkeys(members):
        sink = agent.components.get(name)
        if sink is not None and (held := sink.values.get("dedup")) is not None:
            yield SharedDedup(held.key, f"{agent.name}.{name}", group)
    channel = agent.components.get(chain.start)
    if channel is not None and channel.declaration is Spill:
        yield SharedSpill(group.span, channel.name, channel.type_span)
