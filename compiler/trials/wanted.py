"""An `expect` held against a world: whether it is so, and what there is instead."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flumec.compiler.model import Statement
from flumec.compiler.world import World
from flumec.compiler.world.events import Event

MOST_SHOWN = 10
"""Events that a difference shows; more are counted."""

_LONGEST = 100

Sent = Mapping[tuple[str, str, str], Sequence[bytes]]
"""The bodies that were sent, in order: by agent, source and host."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it was expected."""

    wanted: str
    came: str
    lines: tuple[str, ...] = ()


class Wanted:
    """One `expect`."""

    def __init__(self, statement: Statement, kind: str) -> None:
        self._statement = statement
        self._at = statement.get("at")
        self._kind = kind
        self._host: str | None = statement.get("host")
        self._body: Any = statement.get("body")
        self._headers: Mapping[str, Any] = statement.get("headers", {})

    @property
    def is_at_most(self) -> bool:
        """Whether it may hold now and not later: then all of its time is waited for."""
        get = self._statement.get
        unique = get("unique") or get("order") or get("duplicates") is not None
        return bool(get("count") == 0 or get("dropped") == 0 or unique)

    def differences(self, world: World, sent: Sent) -> Iterator[Difference]:
        """Yield what is not so."""
        where = self._where
        dropped = self._statement.get("dropped")
        if dropped is not None:
            counted = self._counted(world)
            if counted != dropped:
                yield Difference(f"{dropped:,} dropped at {where}", f"{counted:,} dropped")
        if self._kind == "channel":
            yield from self._held(world)
        elif self._kind == "sink":
            yield from self._delivered(world, sent)

    @property
    def _where(self) -> str:
        on = f" on {self._host}" if self._host else ""
        return f"`{self._at.agent}.{self._at.component}`{on}"

    def _counted(self, world: World) -> int:
        at = self._at
        return sum(
            world.counted(at.agent, at.component, what, self._host)
            for what in ("events_dropped", "events_filtered")
        )

    def _held(self, world: World) -> Iterator[Difference]:
        count = self._statement.get("count")
        held = world.holds(self._at.agent, self._at.component, self._host)
        if count is not None and held != count:
            yield Difference(f"{events(count)} in {self._where}", f"{events(held)} in it")

    def _delivered(self, world: World, sent: Sent) -> Iterator[Difference]:
        came = world.delivered(self._at.agent, self._at.component, self._host)
        fits = [event for event in came if self._matches(event)]
        get = self._statement.get
        count, duplicates = get("count"), 0 if get("unique") else get("duplicates")
        asked = count is not None or duplicates is not None or get("order") is not None
        if count is not None and len(fits) != count:
            yield self._difference(f"{events(count)} at {self._where}{self._like}", came, fits)
        elif not asked and get("dropped") is None and not fits:
            yield self._difference(f"an event at {self._where}{self._like}", came, fits)
        if duplicates is not None:
            yield from self._repeated(fits, duplicates)
        if get("order") is not None:
            yield from self._disordered(fits, sent)

    def _difference(self, wanted: str, came: Sequence[Event], fits: Sequence[Event]) -> Difference:
        chosen = {id(event) for event in fits}
        count = self._statement.get("count")
        missing = (1 if count is None else count) - len(fits)
        lines = [f"- {events(missing)}{self._like}"] if missing > 0 else []
        extra = 0
        for event in came[:MOST_SHOWN]:
            extra += id(event) in chosen
            over = id(event) in chosen and count is not None and extra > count
            sign = " " if id(event) in chosen and not over else "+"
            lines.append(f"{sign} {shown(event)}")
        if len(came) > MOST_SHOWN:
            lines.append(f"  and {len(came) - MOST_SHOWN:,} more")
        said = "nothing came" if not came else f"{events(len(came))} came"
        if came and self._like:
            said += f", {len(fits):,} like that"
        return Difference(wanted, said, tuple(lines))

    def _repeated(self, fits: Sequence[Event], wanted: int) -> Iterator[Difference]:
        counts = Counter(shown(event) for event in fits)
        extra = sum(counts.values()) - len(counts)
        if extra != wanted:
            many = [f"+ {count} times {text}" for text, count in counts.items() if count > 1]
            some = "no event twice" if not wanted else f"{wanted:,} copies"
            yield Difference(
                f"{some} at {self._where}", f"{extra:,} copies", tuple(many[:MOST_SHOWN])
            )

    def _disordered(self, fits: Sequence[Event], sent: Sent) -> Iterator[Difference]:
        """Yield the first event that came before one that was sent earlier, by the same source."""
        for (agent, source, host), bodies in sent.items():
            order: dict[bytes, int] = {}
            for number, body in enumerate(bodies):
                order.setdefault(body, number)
            last: Event | None = None
            for event in fits:
                if event.body not in order:
                    continue
                if last is not None and order[event.body] < order[last.body]:
                    yield Difference(
                        f"what `{agent}.{source}` on {host} was sent, in its order, "
                        f"at {self._where}",
                        "not in order",
                        (f"- {shown(event)}", f"  {shown(last)}", f"+ {shown(event)}"),
                    )
                    break
                last = event

    def _matches(self, event: Event) -> bool:
        return _fits(self._body, event.text) and all(
            name in event.headers and _fits(value, event.headers[name])
            for name, value in self._headers.items()
        )

    @property
    def _like(self) -> str:
        said = [f"header.{name} = {_said(value)}" for name, value in self._headers.items()]
        if self._body is not None:
            said.insert(0, f"body = {_said(self._body)}")
        return f" with {', '.join(said)}" if said else ""


def events(count: int) -> str:
    """Return a number of events in words.

    >>> events(0), events(1), events(2_000)
    ('no event', '1 event', '2,000 events')
    """
    return "no event" if not count else f"{count:,} event{'' if count == 1 else 's'}"


def shown(event: Event) -> str:
    """Return an event on one line.

    >>> shown(Event(b"login", {"user": "ann"}))
    '"login"  user = "ann"'
    """
    headers = ", ".join(f'{name} = "{value}"' for name, value in sorted(event.headers.items()))
    body = event.text if len(event.text) <= _LONGEST else f"{event.text[:_LONGEST]}…"
    return f'"{body}"  {headers}'.rstrip()


def _fits(wanted: Any, text: str) -> bool:
    if wanted is None:
        return True
    return bool(wanted.search(text)) if isinstance(wanted, re.Pattern) else wanted == text


def _said(value: Any) -> str:
    return f'r"{value.pattern}"' if isinstance(value, re.Pattern) else f'"{value}"'
