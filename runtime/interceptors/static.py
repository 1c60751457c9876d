"""The `static` interceptor: the same header on every event."""

from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import Header, Interceptor, prop

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from flumec.runtime.context import Context


class Static(Interceptor, type="static"):
    """Set a header to a fixed value: `static(header.env, "prod")`."""

    sets: ClassVar[tuple[str, ...]] = ("header",)
    alike: ClassVar[bool] = True

    header: Header = prop("The header.", kw_only=False)
    value: str = prop("Its value.", kw_only=False)
    preserve: bool = prop("Whether an event that has the header keeps it.", default=True)

    @classmethod
    def constant(cls, values: dict[str, Any], host: str, address: str) -> str:  # noqa: ARG003
        """Return its value."""
        return str(values["value"])

    def open(self, context: "Context") -> "Callable[[pa.RecordBatch], pa.RecordBatch]":  # noqa: ARG002 the protocol
        """Return the step that marks a batch."""
        from flumec.runtime.batch import with_constant

        name, value, preserve = str(self.header), self.value, self.preserve
        return lambda batch: with_constant(batch, name, value, preserve)
