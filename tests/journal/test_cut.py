"""A segment that ends too early is missed; one that others made a little odd is not."""

import pytest
from flumec.runtime.journal import JournalDamaged
from flumec.runtime.journal.layout import SECTOR

from .conftest import Rig


def killed(rig: Rig) -> tuple[int, int]:
    """Put, and end the process; return the number of the segment, and where its groups end."""
    rig.open()
    for _ in range(3):
        rig.put("a", size=900)
    number, segment = max(rig.journal._state.segments.items())
    rig.killed()
    return number, segment.end


def cut_to(rig: Rig, number: int, size: int) -> None:
    rig.disk.open(rig.directory / f"{number:020}.seg", "write").truncate(size)


@pytest.mark.parametrize("room", [SECTOR, SECTOR + 1, 1500, 5000])
def test_room_that_is_not_whole_pages_long_is_no_damage(rig: Rig, room: int) -> None:
    """As the runtime before this rule made it, where a group or a reserve was not."""
    number, end = killed(rig)
    cut_to(rig, number, end + room)
    rig.open()
    assert rig.rows() == list(range(6))


@pytest.mark.parametrize("missing", [1, 400, 600, 1024, 1537])
def test_a_group_that_goes_over_the_end_is_missed(rig: Rig, missing: int) -> None:
    number, end = killed(rig)
    cut_to(rig, number, end - missing)
    with pytest.raises(JournalDamaged, match="or the one before it was cut"):
        rig.open()
