"""The `fingerprint` interceptor: an event's name, made from its content."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from flumec.runtime.component import Contradiction, Header, Ingredient, Interceptor, not_empty, prop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from flumec.runtime.context import Context


class Fingerprint(Interceptor, type="fingerprint"):
    """Name an event by its content: `fingerprint(header.event_id, of = [header.seq, body])`.

    The header gets 32 hexadecimal digits that follow from the listed parts, in their order, and
    from nothing else: no clock, no chance, no host. So copies of one event that enter at two places
    get the same name. An absent header is not an empty one.

    Two events that are equal in all listed parts get the same name too: `of = [body]` cannot tell a
    line that was written twice from one that came twice. The name is XXH3-128, which guards against
    chance, not against somebody who writes events in order to have two share a name.
    """

    sets: ClassVar[tuple[str, ...]] = ("header",)
    uses: ClassVar[tuple[str, ...]] = ("of",)

    header: Header = prop("The header that gets the fingerprint.", kw_only=False)
    of: tuple[Header | Literal["body"], ...] = prop(
        "What it is made from, in order: headers, `body`.", default=("body",), check=not_empty()
    )
    preserve: bool = prop(
        "Whether an event whose header is there and not empty keeps it: its client has named it.",
        default=False,
    )

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> "Iterator[Contradiction]":
        """Yield that the fingerprint is made from itself."""
        headers = [part for part in values["of"] if isinstance(part, Header)]
        if values["header"] in headers:
            yield Contradiction(
                ("of", "header"),
                f"`of` names the header `{values['header']}`, which gets the fingerprint",
            )

    @classmethod
    def made_of(cls, values: dict[str, Any]) -> tuple[Ingredient, ...]:
        """Return the parts."""
        return tuple(values["of"])

    def open(self, context: "Context") -> "Callable[[pa.RecordBatch], pa.RecordBatch]":  # noqa: ARG002 the protocol
        """Return the step that names a batch's events."""
        from flumec.runtime.digest import naming

        return naming(str(self.header), self.of, preserve=self.preserve)
