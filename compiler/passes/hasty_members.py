"""Members of a group that give events up before another one of it could have them."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.letters import given_up_after
from flumec.compiler.model import Agent, Fleet, Group
from flumec.compiler.source import Span
from flumec.runtime.groups.patience import PATIENCE
from flumec.runtime.quantity import Duration

TAKEN_OVER = Duration(PATIENCE)
"""How long a member fails before the others get what it has."""


class HastyMember(Diagnostic, code="FL353", severity="warning"):
    """A member of a group gives events up before the others may have them.

    What a member cannot deliver goes to the others once it has failed for three seconds. One that
    gives up sooner makes dead letters of what another member would deliver.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      channel letters : file

      sink primary : file_roll {
        directory = "/mnt/nfs/numbers"
        dead_letter = letters
        give_up = after(2s)
      }

      sink backup : file_roll {
        directory = "/srv/numbers"
      }

      numbers -> spool
      spool -> failover(primary, backup)
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      channel letters : file

      sink primary : file_roll {
        directory = "/mnt/nfs/numbers"
        dead_letter = letters
        give_up = after(1h)
      }

      sink backup : file_roll {
        directory = "/srv/numbers"
      }

      numbers -> spool
      spool -> failover(primary, backup)
    }
    ```
    """

    sink: str
    after: Duration
    kind: str
    group: Span

    @property
    def message(self) -> str:
        return (
            f"`{self.sink}` gives up after {self.after}, and the others of its group get what it "
            f"has after {TAKEN_OVER}"
        )

    @property
    def hint(self) -> str:
        return (
            "a longer `give_up`, as long as all members may be away: `give_up = after(1h)`; then "
            "only what none of them takes becomes dead letters"
        )

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.group, f"`{self.kind}` would have another one deliver it"),)


def check_hasty_members(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield the members of groups whose dead letters another member would have delivered."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            if isinstance(chain.end, Group) and len(chain.end.members) > 1:
                yield from _of_group(agent, chain.end)


def _of_group(agent: Agent, group: Group) -> Iterator[Diagnostic]:
    for name in dict.fromkeys(member.name or "" for member in group.members):
        sink = agent.components.get(name)
        given = None if sink is None or sink.mistaken else sink.values.get("give_up")
        after = None if given is None else given_up_after(given)
        if given is not None and after is not None and after <= TAKEN_OVER:
            yield HastyMember(given.span, f"{agent.name}.{name}", after, group.kind, group.span)
