"""What is known of the headers of events at one place: a small lattice, and how two ways join.

    nobody sets it  ─┐
    a client may    ─┼─▶ perhaps ◀── surely
    surely          ─┘

Nothing here looks at a fleet, so that it can be tried on its own, exhaustively.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from flumec.compiler.source import Span
from flumec.runtime.frozen import frozen

MOST_VALUES = 64
"""A header with more values than that may have any, as far as anybody is told."""

_MOST_PLACES = 4


class Lack(NamedTuple):
    """Why some events are without a header: a place, and a clause about it."""

    span: Span
    why: str


@frozen
class Known:
    """What is known of one header.

    `setters` are the first places that set it, `values` all that it can have (None: any). `lack`
    is a way by which events surely come without it at times; `client` says that clients may set it,
    and nobody knows whether they do; `alike`, that many events of some way have
    one value, such as the name of a machine. Every event that has the header has those of
    `together` as well, but perhaps one in which its value is one of `alone`.
    """

    sure: bool = False
    setters: tuple[Span, ...] = ()
    lack: Lack | None = None
    values: frozenset[str] | None = frozenset()
    client: bool = False
    alike: bool = False
    together: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()

    @property
    def never(self) -> bool:
        """Whether nothing sets it: no place in the fleet, and no client."""
        return not (self.sure or self.setters or self.client)

    @property
    def empty(self) -> bool:
        """Whether it may be there and empty, as it may where clients set it to what they like."""
        return self.client if self.values is None else "" in self.values

    def joined(self, other: "Known") -> "Known":
        """Return what is known where events come by two ways."""
        if self == other:
            return self
        together, alone = self._together(other.together, other.alone, never=other.never)
        return Known(
            self.sure and other.sure,
            tuple(dict.fromkeys(self.setters + other.setters))[:_MOST_PLACES],
            self.lack or other.lack,
            _either(self.values, other.values),
            self.client or other.client,
            self.alike or other.alike,
            together,
            alone,
        )

    def found(
        self, span: Span, lack: Lack, values: frozenset[str] | None = None, *, alike: bool = False,
        together: frozenset[str] = frozenset(),
    ) -> "Known":  # fmt: skip
        """Return what is known after a step that sets it on some events, on each of these with
        those of `together`.
        """
        places = tuple(dict.fromkeys((*self.setters, span)))[:_MOST_PLACES]
        missing = None if self.sure else lack
        return Known(
            self.sure,
            places,
            missing,
            _either(self.values, values),
            self.client,
            self.alike or (alike and not self.client),
            *self._together(together),
        )

    def kept_or(
        self, span: Span, values: frozenset[str] | None = None, *, alike: bool = False
    ) -> "Known":
        """Return what is known after a step that sets it where it is absent."""
        made = replace(self.found(span, Lack(span, ""), values, alike=alike), sure=True, lack=None)
        if self.sure:
            return replace(made, together=self.together, alone=self.alone)
        if values is None or self.never:
            return made
        return replace(made, together=self.together, alone=self.alone | values)

    def _together(
        self, names: frozenset[str], alone: frozenset[str] = frozenset(), *, never: bool = False
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return what events have together with the header where some have it from elsewhere,
        with `names`; or never.
        """
        if never:
            return self.together, self.alone
        if self.never:
            return names, alone
        return self.together & names, self.alone | alone

    def narrowed(self, values: Iterable[str]) -> "Known":
        """Return what is known of events that have one of some values."""
        arriving = frozenset(values)
        possible = arriving if self.values is None else arriving & self.values
        return replace(self, sure=True, lack=None, values=possible)

    def without(self, values: frozenset[str]) -> "Known":
        """Return what is known of events that have none of some values."""
        return self if self.values is None else replace(self, values=self.values - values)


def _either(one: frozenset[str] | None, two: frozenset[str] | None) -> frozenset[str] | None:
    both = None if one is None or two is None else one | two
    return None if both is None or len(both) > MOST_VALUES else both


def surely(span: Span, values: frozenset[str] | None = None, *, alike: bool = False) -> Known:
    """Return what is known after a step that sets a header on every event."""
    few = None if values is None or len(values) > MOST_VALUES else values
    return Known(sure=True, setters=(span,), values=few, alike=alike)


@frozen
class Headers:
    """What is known of all headers at one place; `rest` is true of each that `named` has not.

    `found` is what steps that look into bodies would find in each of them.
    """

    named: Mapping[str, Known]
    rest: Known
    found: frozenset[Hashable] = frozenset()

    def __getitem__(self, name: str) -> Known:
        """Return what is known of a header."""
        return self.named.get(name, self.rest)

    def with_(self, name: str, known: Known) -> "Headers":
        """Return the headers with one of them changed."""
        return replace(self, named={**self.named, name: known})

    def with_found(self, looked_for: Hashable) -> "Headers":
        """Return the headers of events in whose bodies something is found."""
        return replace(self, found=self.found | {looked_for})

    def taken(self, name: str, values: frozenset[str]) -> "Headers":
        """Return the headers of the events in which one has one of some values."""
        known = self[name]
        others = known.together if known.alone.isdisjoint(values) else ()
        return self._there(others).with_(name, known.narrowed(values))

    def left(self, name: str, values: frozenset[str]) -> "Headers":
        """Return the headers of the events in which one has none of some values, or is absent."""
        known = self[name]
        others = known.together if known.sure and known.alone <= values else ()
        return self._there(others).with_(name, known.without(values))

    def _there(self, names: Iterable[str]) -> "Headers":
        """Return the headers of events that have all of some."""
        there = {name: replace(self[name], sure=True, lack=None) for name in names}
        return replace(self, named={**self.named, **there}) if there else self

    def joined(self, other: "Headers") -> "Headers":
        """Return what is known where events come by two ways."""
        if self is other:
            return self
        rest, found = self.rest.joined(other.rest), self.found & other.found
        mine, theirs = self.named, other.named
        if mine.keys() == theirs.keys():
            both = {name: one.joined(theirs[name]) for name, one in mine.items()}
        else:
            names = dict.fromkeys((*mine, *theirs))
            both = {name: self[name].joined(other[name]) for name in names}
        return Headers(both, rest, found)

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that some place sets."""
        return tuple(name for name, known in self.named.items() if not known.never)


ANY = Headers({}, Known(values=None, client=True))
"""Events of which nothing is known: clients, or another team's flow, may set what they like."""


def closed(lack: Lack) -> Headers:
    """Return the headers of events that come without any."""
    return Headers({}, Known(lack=lack))
