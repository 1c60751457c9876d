"""Outages as people and programs read them: what lasts how long, what waits, when it is caught up.

Outages that differ in their agents' names alone are one row, as claims are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from flumec.compiler.graph import Node
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.held import Tier
from flumec.compiler.proofs.outlook import Outlook
from flumec.compiler.proofs.words import dotted

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = ("OUTAGE", "CHANNEL", "ROOM", "LASTS", "NEEDS", "CAUGHT UP")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One outage, of as many checks as say the same of their own agents."""

    outlook: Outlook
    like: int = 1

    @property
    def fault(self) -> str:
        """The fault, as the file has it."""
        span = self.outlook.fault.span
        text = " ".join(span.source.text[span.start : span.end].split())
        return f"{text} and {self.like - 1:,} more" if self.like > 1 else text

    @property
    def tiers(self) -> Sequence[Tier]:
        """The channels that fill before it is over, the one before what is out first."""
        held = self.outlook.held
        tiers = () if held is None else held.tiers
        return [tier for tier in tiers if tier.fill.at(self.outlook.length) > 0]

    @property
    def waits(self) -> float:
        """For how long the source has to wait, or loses what comes."""
        held = self.outlook.held
        return 0.0 if held is None else max(0.0, self.outlook.length - held.after)

    @property
    def caught_up(self) -> str:
        """When all is caught up, as far as speeds are known, and the fact that it hangs on."""
        narrow, untold = self.outlook.narrow, self.outlook.untold
        if narrow is None:
            return f"not known (no {untold[1]})" if untold else "at once"
        if narrow.time == inf:
            return f"never ({narrow.fact})"
        return f"after {'at least ' if untold else ''}{figures.time(narrow.time)} ({narrow.fact})"

    def needs(self, tier: Tier) -> float | None:
        """Return the size with which a channel would do for the rest of the outage; None: there is
        no such, as it waits for a host that is lost.
        """
        held = self.outlook.held
        if held is not None and held.lost:
            return None
        fill, count = tier.fill, len(tier.fill.rooms)
        ratio = fill.rooms[0].ratio if fill.rooms[0].disk else 1.0
        return fill.needs(self.outlook.length - fill.begins) / count / ratio

    @property
    def cells(self) -> Iterator[tuple[str, ...]]:
        """Yield its rows: a channel each, and the source if it has to wait."""
        lead, last = self.fault, self.caught_up
        for tier in self.tiers:
            room, size = tier.fill.rooms[0].text, self.needs(tier)
            needs = "no size does" if size is None else figures.needed_size(size)
            name = dotted(tier.spot[0])
            yield lead, name, room.partition(",")[0], figures.time(tier.time), needs, last
            lead = last = ""
        source = dotted(self.outlook.proof.values["from"].value.node)
        if self.outlook.unread:
            yield lead, source, "", f"unread {figures.time(self.outlook.length)}", "", last
            lead = last = ""
        if self.waits > 0 and self.outlook.held is not None:
            word = "loses" if self.outlook.held.leak else "waits"
            yield lead, source, "", f"{word} {figures.time(self.waits)}", "", last
        elif lead:
            yield lead, "", "", "", "", last


def foreseen(found: Iterable[Outlook]) -> list[Foreseen]:
    """Return outages, those that are alike once."""
    counted: dict[object, Foreseen] = {}
    for outlook in found:
        one = Foreseen(outlook)
        key = _likeness(one)
        known = counted.get(key)
        counted[key] = one if known is None else Foreseen(known.outlook, known.like + 1)
    return list(counted.values())


def _likeness(one: Foreseen) -> object:
    own = one.outlook.proof.values["from"].value.agent
    rows = tuple(cells[1:] for cells in one.cells)
    named = tuple((row[0].removeprefix(f"{own}."), *row[1:]) for row in rows)
    end = dotted(one.outlook.end).removeprefix(f"{own}.")
    return one.outlook.fault.kind, end, float(one.outlook.length), named


def table(found: Sequence[Foreseen]) -> "Table":
    """Return the outages as a table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold", leading=0)
    for heading, most in zip(HEADINGS, (34, 24, None, None, None, None), strict=True):
        made.add_column(heading, max_width=most)
    for one in found:
        for cells in one.cells:
            made.add_row(*(Text(cell) for cell in cells))
    return made


def markdown(found: Sequence[Foreseen]) -> Iterator[str]:
    """Yield the outages as a table for a comment on a change."""
    if found:
        yield ""
        yield f"| {' | '.join(heading.lower() for heading in HEADINGS)} |"
        yield f"| {' | '.join('---' for _ in HEADINGS)} |"
    for one in found:
        for cells in one.cells:
            yield f"| {' | '.join(cells)} |"


def sentence(one: Foreseen) -> str:
    """Return an outage as a line about one pair."""
    held = one.outlook.held
    room = "" if held is None else f"room for {figures.time(held.after)}, "
    return f"{one.fault}: {room}caught up {one.caught_up}"


def by_pair(found: Iterable[Outlook]) -> dict[tuple[Node, Node], list[dict[str, Any]]]:
    """Return outages as data, by the source and the sink that their checks are about."""
    made: dict[tuple[Node, Node], list[dict[str, Any]]] = {}
    for outlook in found:
        source, sink = (outlook.proof.values[name].value.node for name in ("from", "to"))
        made.setdefault((source, sink), []).append(as_json(Foreseen(outlook)))
    return made


def as_json(one: Foreseen) -> dict[str, Any]:
    """Return an outage as data; times are seconds, sizes bytes."""
    outlook, narrow = one.outlook, one.outlook.narrow
    return {
        "check": outlook.proof.title,
        "fault": outlook.fault.kind,
        "of": dotted(outlook.end),
        "lasts": float(outlook.length),
        "room_for": None if outlook.held is None else round(outlook.held.after, 3),
        "source_waits": round(one.waits, 3),
        "source_unread": outlook.unread,
        "channels": [
            {
                "channel": dotted(tier.spot[0]),
                "host": tier.spot[1],
                "holds": round(sum(room.bytes for room in tier.fill.rooms)),
                "rate": round(tier.fill.rate),
                "lasts": round(tier.time, 3),
                "needs": None if (size := one.needs(tier)) is None else round(size),
            }
            for tier in one.tiers
        ],
        "caught_up_after": None if narrow is None or narrow.time == inf else round(narrow.time, 3),
        "never_caught_up": narrow is not None and narrow.time == inf,
        "narrowest": None if narrow is None else narrow.text,
        "speed_not_known_of": None if outlook.untold is None else outlook.untold[0],
    }
