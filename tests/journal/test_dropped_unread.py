"""A reader of rows that were all dropped waits for the next ones, wherever it stands."""

from flumec.runtime.journal import ChannelSpec
from flumec.runtime.journal.room import Want

from .conftest import Rig

OLDEST = ChannelSpec("a", 1000, durable=True, when_full="drop_oldest")


def test_nothing_has_arrived_where_all_was_dropped(rig: Rig) -> None:
    """Rows on disk and rows in memory: it read on and on, as the latter lay there still."""
    rig.open(OLDEST)
    rig.put("a", size=250)
    rig.reopen()
    rig.put("a", size=250)
    rig.journal._admission.droppers.make_room({"a": Want(1000, 2)})

    rig.settled()  # the file that they were in is gone

    reader = rig.consumer()._reader
    assert [reader.frame() for _ in range(3)] == [None] * 3
    with rig.journal._lock:
        assert not reader.arrived()

    rig.put("a", size=250)
    assert rig.rows() == [4, 5]
