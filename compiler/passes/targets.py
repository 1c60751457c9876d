"""Each target at the end of a chain, or of a route's arm, says something of its own."""

from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, without_item
from flumec.compiler.graph import Graph
from flumec.compiler.model import Chain, Fleet, Group, Route, Target


class RepeatedTarget(Diagnostic, code="FL309"):
    """A chain names the same channel twice at its end.

    The event would be stored once; whoever wrote this wanted two channels, or made a slip.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool, spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        return f"`{self.name}` stands twice at the end of this chain"

    @property
    def hint(self) -> str:
        return "name it once; a copy needs a second channel"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return without_item(self.span)


class MisplacedDrop(Diagnostic, code="FL315"):
    """`drop` stands behind a channel, or beside one.

    `drop` is for events that go nowhere else: a route's arm, or a chain, that ends in it alone.
    What waits in a channel is discarded, and counted, by a `null` sink.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool, drop
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    channel: str
    behind: bool

    @property
    def message(self) -> str:
        if self.behind:
            return f"a chain from the channel `{self.channel}` cannot end in `drop`"
        return f"events that go to `{self.channel}` are not dropped"

    @property
    def hint(self) -> str:
        if self.behind:
            return "`sink nothing : null` discards what it gets, and counts it"
        return "`drop` stands alone; a copy that nobody wants needs no target"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return None if self.behind else without_item(self.span, safe=False)


def check_targets(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield targets that say nothing beside the others, or where they stand."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            start = agent.components.get(chain.start)
            if start is not None and start.kind == "source":
                for targets in ends_of(chain):
                    yield from check_together(targets)
            elif start is not None and start.kind == "channel" and isinstance(chain.end, tuple):
                for target in chain.end:
                    if target.name is None:
                        yield MisplacedDrop(target.span, start.name, behind=True)


def ends_of(chain: Chain) -> Iterator[tuple[Target, ...]]:
    """Yield the targets that one event goes to: a chain's, or those of each arm of its route."""
    if isinstance(chain.end, Route):
        yield from (arm.targets for arm in chain.end.arms)
    elif not isinstance(chain.end, Group):
        yield chain.end


def check_together(targets: Sequence[Target]) -> Iterator[Diagnostic]:
    """Yield targets that are named twice, and `drop` beside a channel."""
    names = [target.name for target in targets]
    channel = next((name for name in names if name is not None), None)
    for number, target in enumerate(targets):
        if target.name in names[:number]:
            yield RepeatedTarget(target.span, target.name or "drop")
        elif target.name is None and channel is not None:
            yield MisplacedDrop(target.span, channel, behind=False)
