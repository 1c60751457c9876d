"""Whether a segment was cut: sealed since others followed it, or truncated by some accident.

One that is appended to is whole pages long and longer than its groups, by a sector at least. It is
cut to them when the next one is durable, or when the journal is closed. So the newest segment of a
journal that was not closed may not be cut: else what followed is gone.
"""

from flumec.runtime.disk import DiskFile
from flumec.runtime.journal.layout import (
    GROUP_HEADER,
    PAGE,
    SECTOR,
    group_crc,
    parse_group_header,
    seed,
)

_LONGEST_HEAD = 64 << 20


def is_cut(file: DiskFile, end: int, epoch: bytes) -> bool:
    """Say whether a segment whose last whole group ends at byte `end` has no room behind it.

    A group that was cut short by a crash still has its room; only what truncates files takes that.
    Where no group was begun, nothing but room can be missing: the runtime before this rule made
    some that are not whole pages long, and a kill leaves them so.
    """
    size = file.stat().st_size
    if size == end + SECTOR:
        return False  # as a clean end leaves it, with a Close record that rotted
    broken = bool(size % PAGE) and any(file.read(SECTOR, end))
    return broken or size < end + SECTOR + _begun(file, end, epoch)


def _begun(file: DiskFile, start: int, epoch: bytes) -> int:
    """Return how long a group is of which the head is there, 0 if it is not whole."""
    header = parse_group_header(file.read(GROUP_HEADER, start))
    if header is None or header.head_length > _LONGEST_HEAD:
        return 0
    head = file.read(header.head_end, start)
    whole = len(head) == header.head_end
    return header.length if whole and group_crc(head, len(head), seed(epoch)) == header.crc else 0
