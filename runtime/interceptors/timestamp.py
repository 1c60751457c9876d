"""The `timestamp` interceptor: when the agent took an event in."""

from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import Header, Ingredient, Interceptor, prop

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from flumec.runtime.context import Context


class Timestamp(Interceptor, type="timestamp"):
    """Set a header to the current time, in milliseconds since 1970 as decimal text.

    All events of a batch get the same time, that of the batch's passing.
    """

    sets: ClassVar[tuple[str, ...]] = ("header",)
    alike: ClassVar[bool] = True

    header: Header = prop("The header that gets the time.", default=Header("timestamp"))
    preserve: bool = prop("Whether an event that has the header keeps it.", default=False)

    @classmethod
    def made_of(cls, values: dict[str, Any]) -> tuple[Ingredient, ...]:  # noqa: ARG003 always
        """Return that it is the time of its passing."""
        return ("clock",)

    def open(self, context: "Context") -> "Callable[[pa.RecordBatch], pa.RecordBatch]":
        """Return the step that stamps a batch by the agent's clock."""
        from flumec.runtime.batch import with_constant

        clock, name, preserve = context.clock, str(self.header), self.preserve
        return lambda batch: with_constant(batch, name, str(clock.now_ns() // 1_000_000), preserve)
