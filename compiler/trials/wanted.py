"""An `expect` held against a world: whether it is so, and what there is instead."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flumec.compiler.model import Statement
from flumec.compiler.trials.shown import (
    MOST_SHOWN,
    counted,
    events,
    filed,
    listed,
    pattern,
    shown,
)
from flumec.compiler.world import World
from flumec.compiler.world.events import Event, File
from flumec.runtime.frozen import frozen

Sent = Mapping[tuple[str, str, str], Sequence[bytes]]
"""The bodies that were sent, in order: by agent, source and host."""


@frozen
class Difference:
    """What is not as it was expected."""

    wanted: str
    came: str
    lines: tuple[str, ...] = ()


class Wanted:
    """One `expect`."""

    def __init__(self, statement: Statement, kind: str) -> None:
        self._get = statement.get
        self._at = statement.get("at")
        self._kind = kind
        self._host: str | None = statement.get("host")
        self._path: Any = statement.get("path")
        self._body: Any = statement.get("body")
        self._headers: Mapping[str, Any] = statement.get("headers", {})
        self._copies: int | None = 0 if statement.get("unique") else statement.get("duplicates")

    @property
    def is_at_most(self) -> bool:
        """Whether it may hold now and not later: then all of its time is waited for."""
        none = any(self._get(name) == 0 for name in ("count", "dropped", "files"))
        return none or self._copies is not None or self._get("order") is not None

    def differences(self, world: World, sent: Sent) -> Iterator[Difference]:
        """Yield what is not so."""
        if self._get("dropped") is not None:
            yield from self._dropped(world)
        if self._kind == "sink":
            yield from self._delivered(world, sent)
        elif self._kind == "channel":
            yield from self._held(world, sent)

    @property
    def _where(self) -> str:
        on = f" on {self._host}" if self._host else ""
        return f"`{self._at.agent}.{self._at.component}`{on}"

    def _dropped(self, world: World) -> Iterator[Difference]:
        wanted, reason = self._get("dropped"), self._get("reason")
        counts = world.drops(self._at.agent, self._at.component, self._host)
        found = sum(counts.values()) if reason is None else counts.get(reason, 0)
        if found != wanted:
            by = "dropped" + (f" by `{reason}`" if reason else "")
            lines = [f"{count:,} dropped by `{why}`" for why, count in counts.items() if count]
            yield Difference(f"{wanted:,} {by} at {self._where}", f"{found:,} {by}", tuple(lines))

    def _held(self, world: World, sent: Sent) -> Iterator[Difference]:
        count = self._get("count")
        plain = not self._like and self._copies is None and self._get("order") is None
        if not plain:
            came = world.lying(self._at.agent, self._at.component, self._host)
            yield from self._events(came, sent, "in")
        elif count is not None:
            held = world.holds(self._at.agent, self._at.component, self._host)
            if held != count:
                yield Difference(f"{events(count)} in {self._where}", f"{events(held)} in it")

    def _delivered(self, world: World, sent: Sent) -> Iterator[Difference]:
        files = world.files(self._at.agent, self._at.component, self._host)
        fits = [file for file in files if _fits(self._path, file.path)]
        wanted = self._get("files")
        if wanted is not None and len(fits) != wanted:
            yield self._misfiled(counted(wanted, "file"), files, fits)
        elif self._path is not None and not fits:
            if self._get("count") != 0 and wanted is None:
                yield self._misfiled("a file", files, fits)
        elif self._path is not None:
            came = [event for file in fits for event in file.events]
            yield from self._events(came, sent, f"in files with path = {pattern(self._path)} at")
        else:
            came = world.delivered(self._at.agent, self._at.component, self._host)
            yield from self._events(came, sent, "at")

    def _misfiled(self, wanted: str, files: Sequence[File], fits: Sequence[File]) -> Difference:
        like = "" if self._path is None else f" with path = {pattern(self._path)}"
        most = self._get("files")
        signs, fitting = [], 0
        for file in files:
            fitting += file in fits
            good = file in fits and (most is None or fitting <= most)
            signs.append((" " if good else "+", file))
        missing = (1 if most is None else most) - len(fits)
        lines = [f"- {counted(missing, 'file')}{like}"] if missing > 0 else []
        said = f"{counted(len(files), 'file')} came"
        said += f", {len(fits):,} like that" if like and files else ""
        return Difference(f"{wanted} at {self._where}{like}", said, (*lines, *filed(signs)))

    def _events(self, came: Sequence[Event], sent: Sent, at: str) -> Iterator[Difference]:
        fits = [event for event in came if self._matches(event)]
        count, order, where = self._get("count"), self._get("order"), f"{at} {self._where}"
        counted = (count, self._get("dropped"), self._get("files"), self._get("duplicates"))
        asked = any(each is not None for each in counted)
        if count is not None and len(fits) != count:
            yield self._difference(f"{events(count)} {where}{self._like}", came, fits)
        elif not fits and (not asked or (self._like and count is None)):
            yield self._difference(f"an event {where}{self._like}", came, fits)
        if self._copies is not None:
            yield from self._repeated(fits, self._copies, where)
        if order is not None:
            yield from self._disordered(fits, sent, where)

    def _difference(self, wanted: str, came: Sequence[Event], fits: Sequence[Event]) -> Difference:
        chosen = {id(event) for event in fits}
        count = self._get("count")
        missing = (1 if count is None else count) - len(fits)
        lines = [f"- {events(missing)}{self._like}"] if missing > 0 else []
        signs, fitting = [], 0
        for event in came:
            fitting += id(event) in chosen
            good = id(event) in chosen and (count is None or fitting <= count)
            signs.append((" " if good else "+", event))
        said = "nothing came" if not came else f"{events(len(came))} came"
        if came and self._like:
            said += f", {len(fits):,} like that"
        return Difference(wanted, said, (*lines, *listed(signs, self._headers)))

    def _repeated(self, fits: Sequence[Event], wanted: int, where: str) -> Iterator[Difference]:
        first = {_identity(event): event for event in reversed(fits)}
        counts = Counter(map(_identity, fits))
        extra = len(fits) - len(counts)
        if extra != wanted:
            many = [
                f"+ {count:,} times {shown(first[which])}"
                for which, count in counts.items()
                if count > 1
            ]
            some = "no event twice" if not wanted else counted(wanted, "copy")
            yield Difference(
                f"{some} {where}{self._like}", counted(extra, "copy"), tuple(many[:MOST_SHOWN])
            )

    def _disordered(self, fits: Sequence[Event], sent: Sent, where: str) -> Iterator[Difference]:
        """Yield the first event that came before one that was sent earlier, by the same source.

        A body that several sources were sent does not tell which of them an event is from.
        """
        senders = Counter(body for bodies in sent.values() for body in set(bodies))
        for (agent, source, host), bodies in sent.items():
            places: dict[bytes, list[int]] = {}
            for number, body in enumerate(bodies):
                places.setdefault(body, []).append(number)
            last, reached = Event(b""), 0
            for event in fits:
                if event.body not in places or senders[event.body] > 1:
                    continue
                later = [place for place in places[event.body] if place >= reached]
                if not later:
                    yield Difference(
                        f"what `{agent}.{source}` on {host} was sent, in its order, {where}",
                        "not in order",
                        (f"- {shown(event)}", f"  {shown(last)}", f"+ {shown(event)}"),
                    )
                    break
                last, reached = event, later[0]

    def _matches(self, event: Event) -> bool:
        return _fits(self._body, event.text) and all(
            name in event.headers and _fits(value, event.headers[name])
            for name, value in self._headers.items()
        )

    @property
    def _like(self) -> str:
        said = [f"{_header(name)} = {pattern(value)}" for name, value in self._headers.items()]
        if self._body is not None:
            said.insert(0, f"body = {pattern(self._body)}")
        return f" with {', '.join(said)}" if said else ""


def _identity(event: Event) -> tuple[bytes, frozenset[tuple[str, str]]]:
    """Return what two copies have in common, and no two others; what is shown of them is cut."""
    return event.body, frozenset(event.headers.items())


def _header(name: str) -> str:
    return f"header.{name}" if name.isidentifier() else f'header["{name}"]'


def _fits(wanted: Any, text: str) -> bool:
    if wanted is None:
        return True
    return bool(wanted.search(text)) if isinstance(wanted, re.Pattern) else wanted == text
