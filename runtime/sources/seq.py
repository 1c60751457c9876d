"""The `seq` source: a counter, for trying a flow out and for measuring it."""

from typing import TYPE_CHECKING, ClassVar

from flumec.runtime.component import Source, Start, at_least, prop

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext


class Seq(Source, type="seq"):
    """Make events whose bodies are the numbers 0, 1, 2 … as text, as fast as channels take them.

    The next number is stored with the events, so that a restart neither repeats nor skips one.
    """

    replayable: ClassVar[bool] = True
    start: ClassVar[Start] = "line"
    same_everywhere: ClassVar[bool] = True

    total: int | None = prop(
        "How many events there are in all; without it there is no end.",
        default=None,
        check=at_least(0),
    )
    batch: int = prop("Events in one batch.", default=1_000, check=at_least(1))

    def run(self, context: "SourceContext") -> None:
        """Count until the total or the agent's end."""
        from flumec.runtime.tail.counting import count

        count(self, context)
