"""The block `headers { … }` of sources that clients send events to."""

from collections.abc import Iterator
from typing import Any, Literal

from flumec.runtime.component import Contradiction, Header, Section, prop


class ClientHeaders(Section):
    """Which headers the events of clients have; without the block they may have any."""

    required: tuple[Header, ...] = prop(
        "Headers that each event must have. A request with an event that lacks one is answered "
        "400, and nothing of it is stored; a header that is empty is there.",
        default=(),
    )
    optional: tuple[Header, ...] = prop("Headers that events may have besides.", default=())
    others: Literal["drop", "keep", "refuse"] = prop(
        "What is done with headers that are not listed: `drop` stores the event without them and "
        "counts them, `keep` stores them, `refuse` answers 400.",
        default="drop",
    )

    @property
    def listed(self) -> tuple[str, ...]:
        """All headers that are named, required or not."""
        return tuple(map(str, (*self.required, *self.optional)))

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield headers that are listed twice, and a block that says nothing."""
        required, optional = values["required"], values["optional"]
        for name in sorted(set(required) & set(optional)):
            yield Contradiction(
                ("optional", "required"),
                f"the header `{name}` is in `optional` and in `required`: it is one or the other",
            )
        for list_, names in (("required", required), ("optional", optional)):
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield Contradiction((list_,), f"`{list_}` names the header `{name}` twice")
        if values["others"] == "keep" and not required:
            yield Contradiction(
                ("others",), "`others = keep` without `required` lets in what came anyway"
            )
