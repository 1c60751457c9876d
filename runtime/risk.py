"""What a component may do to events in a failure, declared beside what it does.

Where a class says nothing, no failure loses or doubles an event there. What lies on a disk that is
lost is nobody's to declare: the compiler knows it of each channel.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from flumec.runtime.failure import Failure, Harm
from flumec.runtime.frozen import frozen


@frozen
class Risk:
    """What one failure does to events here."""

    failure: Failure
    harm: Harm
    reason: str
    """A clause, such as `what it holds in memory ends with the process`."""
    cure: str
    """What to write instead: a phrase, such as "`channel live : file`"."""
    property: str = ""
    """The property to blame; none: the component's type."""
    unless: str = ""
    """What must be so for it not to exist: then it is assumed, where no `dedup` helps anyway."""
    late: bool = False
    """Whether it takes late events alone, which no order is about."""


class Risky:
    """What proofs ask of a component; `values` has every property, defaults filled in."""

    @classmethod
    def risks(cls, values: Mapping[str, Any]) -> Iterator[Risk]:  # noqa: ARG003 for subclasses
        """Yield each harm that a failure may do here."""
        yield from ()

    @classmethod
    def assumptions(cls, values: Mapping[str, Any]) -> Iterator[str]:  # noqa: ARG003 for subclasses
        """Yield what must be so around it, beyond what is declared: sentences without a stop."""
        yield from ()

    @classmethod
    def folders(cls, values: Mapping[str, Any]) -> tuple[str, ...] | None:  # noqa: ARG003 for subclasses
        """Return the headers by which output goes to several folders; None: to one."""
        return None
