"""Telling that a whole fleet has nothing left to do, from what each agent says by itself."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from flumec.compiler.run.member import Seen

Drained = Mapping[str, AbstractSet[str]]
"""By agent: its channels that somebody reads, which must be empty at the end."""


class Quiet:
    """Looks twice: quiet the first time, and the same counts in reports that are all younger.

    One look is not enough, as reports are made at different moments: events could have left a
    sender after its receiver's report. When every agent was empty at its first report, and is again
    with equal counts in a second one that was made after *all* the first ones, nothing moved in
    between, and what left a sender before is counted by its receiver.

    What a source says of itself may be old: it may be waiting for a disk while its files grow. So
    each must have said twice more that it is idle: the second time it began to look after the first
    reports.
    """

    def __init__(self, drained: Drained, settle: float) -> None:
        self._drained = drained
        self._settle = settle
        self._first: Mapping[str, object] | None = None
        self._after = 0.0
        self._verdicts: Mapping[tuple[str, str], int] = {}

    def look(self, fleet: Sequence[Seen]) -> bool:
        """Take in the fleet as it is now; return whether it is idle for sure."""
        if not all(self._is_quiet(seen) for seen in fleet):
            self._first = None
            return False
        states = [seen.state for seen in fleet if seen.state is not None]
        counts = {seen.name: _counts(seen) for seen in fleet}
        if counts != self._first:
            self._first = counts
            self._after = max((state["time"] for state in states), default=0.0) + self._settle
            self._verdicts = _verdicts(fleet)
            return not fleet
        renewed = all(now >= self._verdicts[key] + 2 for key, now in _verdicts(fleet).items())
        return renewed and all(state["time"] > self._after for state in states)

    def _is_quiet(self, seen: Seen) -> bool:
        if seen.phase != "ready" or seen.state is None:
            return False
        return all(seen.channels[name]["held"] == 0 for name in self._drained[seen.name]) and all(
            part["idle"] for part in _sources(seen.state)
        )


def _sources(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [part for part in state["parts"].values() if part["kind"] == "source"]


def _verdicts(fleet: Sequence[Seen]) -> dict[tuple[str, str], int]:
    """Return how often each source has said whether it is idle."""
    return {
        (seen.name, name): part["verdicts"]
        for seen in fleet
        for name, part in (seen.state or {"parts": {}})["parts"].items()
        if part["kind"] == "source"
    }


def _counts(seen: Seen) -> tuple[object, ...]:
    """Return what moves when anything does: the process, and what went in and out of channels."""
    counts = [(name, each["put"], each["delivered"]) for name, each in seen.channels.items()]
    return (seen.pid, *sorted(counts))
