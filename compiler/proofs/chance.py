"""Of which events' keys chance is a part: the clock, or the host where copies come by several."""

from dataclasses import dataclass, replace

Headers = frozenset[str]


@dataclass(frozen=True, slots=True)
class Chance:
    """Of all events' keys, or of those alone which lack a header, as a later step makes it then."""

    always: bool = False
    absent: Headers = frozenset()
    """The headers whose absence makes it a part."""
    empty: Headers = frozenset()
    """Of these, those that must not be empty either."""

    def joined(self, other: "Chance") -> "Chance":
        """Return what is so by either of two ways."""
        return Chance(
            self.always or other.always, self.absent | other.absent, self.empty | other.empty
        )

    def without(self, headers: Headers) -> "Chance":
        """Return the same before a step that gives headers a value, whatever they had."""
        return replace(self, absent=self.absent - headers, empty=self.empty - headers)

    def filled(self, headers: Headers) -> "Chance":
        """Return the same before a step that gives headers a value where they are absent."""
        return replace(self, absent=self.absent - (headers - self.empty))

    def taken(self, lacking: Headers, *, empty: bool) -> "Chance":
        """Return the same before a step that has it be a part where some headers are absent, or
        empty as well; of all events' keys where there are none of which one needs to be.
        """
        if not lacking:
            return replace(self, always=True)
        more = lacking if empty else frozenset[str]()
        return replace(self, absent=self.absent | lacking, empty=self.empty | more)


NEVER = Chance()
