"""The `logger` sink: events are shown in the agent's log."""

from typing import TYPE_CHECKING

from flumec.runtime.component import Sink, Size, between, prop

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext


class Logger(Sink, type="logger"):
    """Show each event in the agent's log: its headers, and the first bytes of its body.

    For finding out what flows; an agent that ends between a line and its commit shows it again.
    """

    max_bytes: Size = prop(
        "How much of each body is shown.",
        default=Size("256B"),
        check=between(Size("0B"), Size("64KiB")),
    )

    def run(self, context: "SinkContext") -> None:
        """Log what the channel has until the agent stops."""
