"""The `host` interceptor: which host an event entered the fleet on."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from flumec.runtime.component import Header, Ingredient, Interceptor, prop

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from flumec.runtime.context import Context


class Host(Interceptor, type="host"):
    """Set a header to the name of the agent's host as the flow file has it, never looked up."""

    sets: ClassVar[tuple[str, ...]] = ("header",)
    alike: ClassVar[bool] = True

    header: Header = prop("The header that gets the host.", default=Header("host"))
    use: Literal["name", "address"] = prop(
        "What of the host is told: its name, or the address that others reach it by.",
        default="name",
    )
    preserve: bool = prop("Whether an event that has the header keeps it.", default=False)

    @classmethod
    def constant(cls, values: dict[str, Any], host: str, address: str) -> str:
        """Return what of the host is told."""
        return host if values["use"] == "name" else address

    @classmethod
    def made_of(cls, values: dict[str, Any]) -> tuple[Ingredient, ...]:  # noqa: ARG003 always
        """Return that it is the host's."""
        return ("host",)

    def open(self, context: "Context") -> "Callable[[pa.RecordBatch], pa.RecordBatch]":
        """Return the step that marks a batch with this agent's host."""
        from flumec.runtime.batch import with_constant

        value = context.host if self.use == "name" else context.address
        name, preserve = str(self.header), self.preserve
        return lambda batch: with_constant(batch, name, value, preserve)
