"""The `link` source: what comes in by links goes through a chain of this agent."""

from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import Source, Start

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext

_LOOK = 0.2


class LinkSource(Source, type="link"):
    """Take what links bring through a chain of this agent, where it is routed, changed or filtered.

    Links lead to it by its name, `tailer.spool => collector.feed`. What the chain makes of a frame
    is stored in one step with the memory of the frame, in all channels or in none, before it is
    acknowledged; events keep their tags and their age. What is filtered out or dropped is counted,
    and done with at the sender too.
    """

    replayable: ClassVar[bool] = True
    start: ClassVar[Start] = "acknowledgement"

    @classmethod
    def brings(cls, values: dict[str, Any]) -> None:
        """Return that a link of another team's flow may bring any header."""

    def run(self, context: "SourceContext") -> None:
        """Wait for the agent's end: the links' receivers do the work, in threads of their own."""
        while not context.wait(_LOOK):
            context.idle(idle=True)
