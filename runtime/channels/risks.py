"""What channels have in common about events that may be lost in them."""

from collections.abc import Iterator, Mapping
from typing import Any

from flumec.runtime.failure import Failure, Harm
from flumec.runtime.risk import Risk


def dropping(values: Mapping[str, Any]) -> Iterator[Risk]:
    """Yield what is lost where the oldest make room."""
    if values["when_full"] == "drop_oldest":
        yield Risk(
            Failure.ALWAYS,
            Harm.LOSES,
            "the oldest events make room when it is full",
            "`when_full = block`, and a `size` that lasts",
            "when_full",
        )


def forgetting(failures: tuple[Failure, ...], reason: str) -> Iterator[Risk]:
    """Yield that what lies in memory is lost."""
    for failure in failures:
        yield Risk(failure, Harm.LOSES, reason, "a `file` channel")
