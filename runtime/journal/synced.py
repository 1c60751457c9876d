"""How far a log was synced when a group was written: so that a torn end can be told from damage.

Where each group is synced before the next is written, whatever a group follows was synced. A
journal that syncs now and then marks a group that is written behind unsynced ones with the number
of the first of these: they may be lost or torn, in any order, and those before may not.
"""

from flumec.runtime.journal.entries import Kind, record, records
from flumec.runtime.journal.layout import GroupHeader

Group = tuple[GroupHeader, memoryview]
"""A group's header and head."""

MARK_BOUND = 16
"""The most bytes that a mark takes in a group."""


def mark(number: int) -> bytes:
    """Return the record that says that the groups below `number` had been synced."""
    return record(Kind.SYNCED, number.to_bytes(8, "little"))


def synced_below(group: Group) -> int:
    """Return the number below which every group was synced before this one was written."""
    header, head = group
    for kind, data in records(head):
        return data.u64() if kind is Kind.SYNCED else header.number
    return header.number
