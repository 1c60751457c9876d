"""The `regex_extract` interceptor: a pattern's groups become headers."""

from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import (
    Check,
    Contradiction,
    Header,
    Ingredient,
    Interceptor,
    not_empty,
    prop,
)
from flumec.runtime.pattern import SENTENCE, fault, groups
from flumec.runtime.pattern_groups import surely_found
from flumec.runtime.pattern_plain import plain
from flumec.runtime.pattern_values import listed_values

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    import pyarrow as pa
    from flumec.runtime.context import Context


class RegexExtract(Interceptor, type="regex_extract"):
    r"""Set headers from the first place of the body where the pattern is found.

    With `regex_extract(r"user=(\w+)", into = [header.user])` the first group goes into the first
    header, and so on. Where the pattern is not found the event passes unchanged. A group that takes
    no part in the match, or matches no characters, leaves its header as it was. Bytes that are not
    UTF-8 are seen as U+FFFD.
    """

    finds: ClassVar[tuple[str, ...]] = ("into",)

    pattern: str = prop(
        "The pattern, in RE2's syntax, with a group for each header.",
        kw_only=False,
        check=Check(SENTENCE, lambda value: fault(value) is None),
    )
    into: tuple[Header, ...] = prop(
        "The headers, in the order of the groups; groups beyond them are not kept.",
        check=not_empty(),
    )

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> "Iterator[Contradiction]":
        """Yield that there are more headers than groups, or one header twice."""
        pattern, into = values["pattern"], values["into"]
        if fault(pattern) is None and (found := groups(pattern)) < len(into):
            yield Contradiction(
                ("into", "pattern"),
                f"`into` names {len(into)} headers, but the pattern has {found} groups",
            )
        for name in {name for name in into if into.count(name) > 1}:
            yield Contradiction(("into",), f"`into` names the header `{name}` twice")

    @classmethod
    def finds_together(cls, values: dict[str, Any]) -> tuple[Header, ...]:
        """Return those whose groups have a character in each match."""
        if fault(values["pattern"]) is not None:  # which was reported
            return ()
        surely = surely_found(values["pattern"])
        return tuple(name for name, found in zip(values["into"], surely, strict=False) if found)

    @classmethod
    def finds_values(cls, values: dict[str, Any]) -> "Mapping[Header, frozenset[str]]":
        """Return what the groups list that are alternatives of texts; an empty one sets nothing."""
        if fault(values["pattern"]) is not None:  # which was reported
            return {}
        listed = zip(values["into"], listed_values(values["pattern"]), strict=False)
        return {name: texts - {""} for name, texts in listed if texts is not None}

    @classmethod
    def looks_for(cls, values: dict[str, Any]) -> "Hashable":
        """Return the pattern, without groups that change nothing."""
        refused = fault(values["pattern"]) is not None  # which was reported
        return None if refused else plain(values["pattern"])

    @classmethod
    def made_of(cls, values: dict[str, Any]) -> tuple[Ingredient, ...]:  # noqa: ARG003 always
        """Return that it is in the body."""
        return ("body",)

    def open(self, context: "Context") -> "Callable[[pa.RecordBatch], pa.RecordBatch]":  # noqa: ARG002 the protocol
        """Return the step that extracts from a batch."""
        from flumec.runtime.match import extracting

        return extracting(self.pattern, tuple(str(name) for name in self.into))
