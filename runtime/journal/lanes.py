"""What a group's member has been given: rows of its channel, under ascending numbers of its own.

A sink needs rows that ascend: its files, marks and intents say "below this row". Rows that another
member gives back are older than those that it has. So each member has a *lane*: what it gets has
the row's own number there, and a higher one only if it would not ascend.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from flumec.runtime.journal.ranges import union, without
from flumec.runtime.journal.records import Ranges


class Lease(NamedTuple):
    """`rows` rows of the channel from `row` on, which a member knows by the numbers from `lane`."""

    lane: int
    row: int
    rows: int

    @property
    def end(self) -> int:
        """The lane's number after the last."""
        return self.lane + self.rows

    @property
    def last(self) -> int:
        """The channel's row after the last."""
        return self.row + self.rows

    def part(self, first: int, end: int) -> "Lease":
        """Return what is between two numbers of the lane."""
        return Lease(first, self.row + first - self.lane, end - first)


@dataclass(slots=True)
class Lane:
    """A member's leases that are not done, ascending; `end` is the lane's number after the last."""

    end: int
    leases: list[Lease] = field(default_factory=list)

    def next(self, row: int, *, follows: bool) -> int:
        """Return the number that a row would get, which may come right after the last one's frame.

        >>> Lane(10).next(12, follows=False), Lane(10).next(5, follows=False)
        (12, 10)
        """
        if follows and self.leases:
            last = self.leases[-1]
            return max(self.end, last.lane + row - last.row)
        return max(self.end, row)

    def take(self, lease: Lease) -> None:
        """Add a lease; one that goes on where the last ends makes that one longer.

        >>> lane = Lane(10)
        >>> lane.take(Lease(12, 12, 3)); lane.take(Lease(17, 17, 3)); lane.take(Lease(20, 4, 2))
        >>> lane.leases, lane.end
        ([Lease(lane=12, row=12, rows=3), Lease(lane=17, row=17, rows=3), Lease(lane=20, row=4, rows=2)], 22)
        """  # noqa: E501
        if self.leases and (last := self.leases[-1]).end == lease.lane and last.last == lease.row:
            self.leases[-1] = Lease(last.lane, last.row, last.rows + lease.rows)
        else:
            self.leases.append(lease)
        self.end = lease.end

    def move(self, low: int) -> list[Lease]:
        """Forget what is below a number, and return it: it is done.

        >>> lane = Lane(9, [Lease(0, 0, 4), Lease(6, 2, 3)])
        >>> lane.move(7)
        [Lease(lane=0, row=0, rows=4), Lease(lane=6, row=2, rows=1)]
        >>> lane.leases
        [Lease(lane=7, row=3, rows=2)]
        """
        end = 0
        while end < len(self.leases) and self.leases[end].end <= low:
            end += 1
        done = self.leases[:end]
        del self.leases[:end]
        if self.leases and (first := self.leases[0]).lane < low:
            self.leases[0] = first.part(low, first.end)
            done.append(first.part(first.lane, low))
        return done

    def left(self, number: int) -> int:
        """Return the first number from `number` on that has a row, else the lane's end."""
        lease = self.at(number)
        return self.end if lease is None else max(number, lease.lane)

    def at(self, number: int) -> Lease | None:
        """Return the first lease that reaches above a number."""
        index = bisect_right(self.leases, number, key=lambda known: known.lane) - 1
        if index >= 0 and self.leases[index].end > number:
            return self.leases[index]
        return self.leases[index + 1] if index + 1 < len(self.leases) else None

    def parts(self, ranges: Ranges) -> Iterator[Lease]:
        """Yield the leases' parts within some of the lane's numbers."""
        for first, end in ranges:
            at = first
            while at < end and (lease := self.at(at)) is not None and lease.lane < end:
                yield lease.part(max(at, lease.lane), min(end, lease.end))
                at = lease.end

    def row(self, number: int) -> int:
        """Return the channel's row that a number stands for; itself, where it has none."""
        lease = self.at(number)
        return number if lease is None or number < lease.lane else lease.row + number - lease.lane

    def number(self, row: int) -> int | None:
        """Return the number of a row of the channel; None if the member does not have it."""
        found = (lease for lease in self.leases if lease.row <= row < lease.last)
        return next((lease.lane + row - lease.row for lease in found), None)

    @property
    def oldest(self) -> int | None:
        """The first of the channel's rows that the member has."""
        return min((lease.row for lease in self.leases), default=None)

    @property
    def rows(self) -> int:
        """How many rows there are, with those of other channels between them."""
        return sum(lease.rows for lease in self.leases)


@dataclass(slots=True)
class GroupState:
    """What the members of a channel's group share: no member ever had a row from `next` on.

    Of those before, `pool` are the ones that members gave back; who has a row has it in its lane.
    """

    next: int
    pool: Ranges = ()
    apart: bool = True
    """Whether what is done above a row that is not was freed; an older runtime freed it later."""

    def left(self, lanes: Iterable[Lane]) -> Ranges:
        """Return the rows below `next` that are not done: what members have, and what nobody has.

        >>> GroupState(9, ((2, 4),)).left([Lane(9, [Lease(7, 1, 1)]), Lane(9, [Lease(8, 8, 1)])])
        ((1, 4), (8, 9))
        """
        leases = (lease for lane in lanes for lease in lane.leases)
        return union(self.pool, ((lease.row, lease.last) for lease in leases))

    def take(self, lease: Lease) -> None:
        """Note that a member has these rows."""
        first, end = lease.row, lease.last
        if self.pool and first < self.pool[-1][1]:
            pieces = [without(*piece, ((first, end),)) for piece in self.pool]
            self.pool = tuple(left for parts in pieces for left in parts)
        self.next = max(self.next, end)
