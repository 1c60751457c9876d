"""Holding what clients send to the headers that the file declares."""

import json
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from flumec.runtime.http.mistakes import Mistake
from flumec.runtime.sources.headers import ClientHeaders

_MOST_NAMED = 8
_LONGEST = 64

Events = Sequence[dict[str, str]]
"""The headers of a request's events; what is left out is taken out of them."""


class Sieve:
    """Lets through what is declared. `left_out` is told how many headers it took away."""

    def __init__(self, declared: ClientHeaders, left_out: Callable[[int], None]) -> None:
        self._required = frozenset(map(str, declared.required))
        self._listed = declared.listed
        self._known = frozenset(self._listed)
        self._others = declared.others
        self._left_out = left_out

    def sift(self, events: Events) -> None:
        """Take away what is not listed; raise Mistake for what a client must mend."""
        for number, headers in enumerate(events, 1):
            if not self._required <= headers.keys():
                raise Mistake(f"event {number} of {len(events)}: {self._lacking(headers)}")
        if self._others == "keep":
            return
        count = 0
        for number, headers in enumerate(events, 1):
            if headers.keys() <= self._known:
                continue
            others = [name for name in headers if name not in self._known]
            if self._others == "refuse":
                raise Mistake(f"event {number} of {len(events)}: {self._unlisted(others[0])}")
            count += len(others)
            for name in others:
                del headers[name]
        if count:
            self._left_out(count)

    def _lacking(self, headers: dict[str, str]) -> str:
        name = next(name for name in self._listed if name in self._required - headers.keys())
        strange = [each for each in headers if each not in self._known]
        near = get_close_matches(name.lower(), [each.lower() for each in strange], n=1)
        meant = next((each for each in strange if each.lower() in near), None)
        instead = f"; it has {_quoted(meant)}" if meant is not None else ""
        return f"it lacks the header {_quoted(name)}, which each event must have{instead}"

    def _unlisted(self, name: str) -> str:
        near = get_close_matches(name, self._listed, n=1)
        if near:
            return f"the header {_quoted(name)} is not taken; did you mean {_quoted(near[0])}?"
        shown = ", ".join(map(_quoted, self._listed[:_MOST_NAMED]))
        more = ", …" if len(self._listed) > _MOST_NAMED else ""
        return f"the header {_quoted(name)} is not taken, only {shown or 'none'}{more}"


def _quoted(name: str) -> str:
    """Quote a name, in ASCII and not too long."""
    return json.dumps(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")
