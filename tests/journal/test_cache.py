"""What the journal leaves in the system's memory: what a reader will still read from disk."""

from flumec.runtime.journal import ChannelSpec
from flumec.runtime.journal.walk import segment_path
from residency import cached, require_a_disk

from .conftest import PATIENCE, Rig

A, B = ChannelSpec("a", 1 << 30, durable=True), ChannelSpec("b", 1 << 30, durable=True)
MIB = 1 << 20
SEGMENT = 32 * MIB
PUTS = 20
"""More bytes than a journal keeps in its own memory for readers that are behind."""


def share_in_memory(rig: Rig) -> float:
    """Return how much of what was put is in the system's memory."""
    return cached(segment_path(rig.directory, 1)) * SEGMENT / (PUTS * MIB)


def opened(rig: Rig) -> None:
    require_a_disk(rig.directory.parent)
    rig.segment_size = SEGMENT
    rig.open(A, B)


def test_what_readers_have_taken_is_let_go(real: Rig) -> None:
    opened(real)
    for _ in range(PUTS):
        real.put("a", size=MIB)
        assert real.consumer("a").read(PATIENCE)
    assert share_in_memory(real) < 0.2


def test_what_a_reader_will_read_from_disk_stays(real: Rig) -> None:
    opened(real)
    for _ in range(2 * PUTS):
        real.put("a", "b", size=MIB // 2)
        assert real.consumer("a").read(PATIENCE)
    assert share_in_memory(real) > 0.8


def test_a_reader_that_has_caught_up_is_known_to_have(real: Rig) -> None:
    opened(real)
    for _ in range(2):
        real.put("a", size=MIB)
    real.reopen()
    while real.consumer("a").read(0):
        pass
    for _ in range(PUTS):
        real.put("a", size=MIB)
        assert real.consumer("a").read(PATIENCE)
    newest = max(real.directory.glob("*.seg"))
    assert cached(newest) * SEGMENT / (PUTS * MIB) < 0.2
