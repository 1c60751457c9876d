"""The campaign as text: a line when something happens, and a picture and a table at the end."""

from collections.abc import Iterator, Sequence

from fleet.campaign import Campaign, Sample, Struck
from fleet.verdict import Lane

_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 96

HEADER = (
    f"{'at':>6}  {'what happened':44} {'in flight':>10} {'unacked':>8} {'requests':>9} "
    f"{'refused':>8} {'longest':>8} {'caught up':>10}"
)


def line(number: int, struck: Struck) -> str:
    """Say what happened, what it met and what a client saw of it."""
    what, flight = f"{_mark(number)} {struck.fault}", struck.flight
    return (
        f"{struck.at:5.0f}s  {what:44} {flight.events:10,} {flight.unacknowledged:8,} "
        f"{len(struck.attempts):9,} {struck.refused:8,} {struck.waited:7.2f}s "
        f"{struck.over - struck.until:9.1f}s"
    )


def picture(campaign: Campaign) -> Iterator[str]:
    """Draw what was logged and had not arrived yet, over time, with a letter where a fault was."""
    samples = campaign.samples
    length = samples[-1].at / _WIDTH
    behind = [max((s.answered - s.arrived for s in part), default=0) for part in _parts(samples)]
    most = max(behind) or 1
    yield f"logged and not yet in the store (the highest bar is {most:,} lines)"
    for row in (2, 1, 0):
        yield "  │" + "".join(_bar(3 * each / most - row) for each in behind)
    yield "  └" + "─" * _WIDTH
    marks = [" "] * (_WIDTH + 1)
    for number, struck in enumerate(campaign.struck):
        marks[min(_WIDTH, int(struck.at / length))] = _mark(number)
    yield "   " + "".join(marks).rstrip()


def _parts(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    length = samples[-1].at / _WIDTH
    for column in range(_WIDTH):
        yield [s for s in samples if column <= s.at / length < column + 1]


def _bar(height: float) -> str:
    return _BARS[max(0, min(8, round(height * 8)))]


def _mark(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else chr(ord("A") + (number - 26) % 26)


def table(lanes: Sequence[Lane]) -> Iterator[str]:
    """Show what was promised for each lane, and what came of it."""
    yield (
        f"{'lane':10} {'promise':14} {'sent':>10} {'arrived':>10} {'lost':>6} {'doubled':>8} "
        f"{'foreign':>8}"
    )
    for lane in lanes:
        yield (
            f"{lane.name:10} {lane.promise:14} {lane.expected:10,} {lane.arrived:10,} "
            f"{lane.lost:6,} {lane.duplicated:8,} {lane.foreign:8,}  {'' if lane.good else 'BAD'}"
        ).rstrip()
        if not lane.good:
            yield from (f"    {example}" for example in lane.examples)


def summary(campaign: Campaign, lanes: Sequence[Lane]) -> Iterator[str]:
    """Say how much it was, in a few numbers."""
    struck = campaign.struck
    flights = sorted(each.flight.events for each in struck) or [0]
    attempts = sum(len(each.attempts) for each in struck)
    unlogged = campaign.unlogged()
    yield (
        f"{len(struck)} faults, {campaign.rotations} rotations; at each fault {flights[0]:,} "
        f"events or more were under way, {flights[len(flights) // 2]:,} at the middle one"
    )
    yield (
        f"{attempts:,} connections of clients while an agent was killed, cut off, filled, upgraded "
        f"or rolled back: {campaign.refused:,} refused"
    )
    yield (
        f"answered by nginx and not in its log: {unlogged:,} (it died with its host between the "
        "answer and the line)"
    )
    lost, doubled = (
        sum(lane.lost for lane in lanes),
        sum(lane.duplicated for lane in lanes if lane.promise == "exactly once"),
    )
    books = campaign.books
    yield (
        f"the agents' own counts, held against each other {books.compared:,} times in "
        f"{books.looks:,} looks: {len(books.wrong) or 'nothing'} wrong"
    )
    yield from (f"    {each}" for each in books.wrong)
    yield f"lost {lost}, duplicated {doubled} where it says exactly once"
