"""The `regex_filter` interceptor: only events whose body matches, or only those that do not."""

from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import Check, Interceptor, prop
from flumec.runtime.pattern import SENTENCE, fault
from flumec.runtime.pattern_plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pyarrow as pa
    from flumec.runtime.context import Context


class RegexFilter(Interceptor, type="regex_filter"):
    """Keep the events in whose body the pattern is found, anywhere: `regex_filter(r"ERROR|WARN")`.

    What is filtered out is counted. Bytes that are not UTF-8 are seen as U+FFFD.
    """

    drops: ClassVar[bool] = True

    pattern: str = prop(
        "The pattern, in RE2's syntax; `^` and `$` are the body's ends.",
        kw_only=False,
        check=Check(SENTENCE, lambda value: fault(value) is None),
    )
    exclude: bool = prop("Whether events that match are left out, not kept.", default=False)

    @classmethod
    def looks_for(cls, values: dict[str, Any]) -> "Hashable":
        """Return the pattern, without needless groups; nothing where what has it is left out."""
        refused = values["exclude"] or fault(values["pattern"]) is not None
        return None if refused else plain(values["pattern"])

    def open(self, context: "Context") -> "Callable[[pa.RecordBatch], pa.RecordBatch]":  # noqa: ARG002 the protocol
        """Return the step that filters a batch."""
        from flumec.runtime.match import filtering

        return filtering(self.pattern, exclude=self.exclude)
