"""The `null` sink: events are counted and forgotten."""

from typing import TYPE_CHECKING

from flumec.runtime.component import Sink

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext


class Null(Sink, type="null"):
    """Discard all events and count them: a target for measurements and for what nobody wants."""

    def run(self, context: "SinkContext") -> None:
        """Take what the channel has, as delivered, until the agent stops."""
