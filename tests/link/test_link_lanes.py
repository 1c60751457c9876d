"""What a link to several peers remembers of its journal's openings: no more than it may send."""

from pathlib import Path
from typing import cast

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.member import Member
from flumec.runtime.links.memory import Memory, unpack
from flumec.runtime.links.numbering import LaneNumbering
from flumec.runtime.links.sender_session import Sender

from tests.link.test_link_model import body
from tests.link.test_link_several_model import Cursor, Frame, Put


def opened(folder: Path) -> Journal:
    return Journal.open(
        folder, disk=RealDisk(), clock=SystemClock(), identity=Identity("a", "a", "0", "0"),
        channels=[ChannelSpec("out", 1 << 20, durable=True)], sources=[],
        consumers=[ConsumerSpec("to", "out", "sender arrow b", sends=True, group="failover")],
        segment_size=128 << 10,
    )  # fmt: skip


def put(journal: Journal, rows: int) -> None:
    journal.submit(Put(frames=(Frame(("out",), rows, body(list(range(rows)))),))).result()


def begun(member: Member, epoch: bytes) -> Memory:
    """Return what a sender remembers after it began in an opening of the journal."""
    cursor = member.cursor
    known = unpack(cursor.note) if cursor.note else None
    sender = Sender("l", "w", "a", "a", "m", bytes(16), epoch, 1 << 20, "b")
    return LaneNumbering(member).begin(known, sender, cursor.low)


@pytest.mark.parametrize("starts", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_many_starts_while_a_peer_is_away_take_no_more_room_than_one(
    tmp_path: Path, starts: int
) -> None:
    """Rows of two openings wait for it; all the openings since have given it nothing."""
    for _ in range(2):
        journal = opened(tmp_path)
        put(journal, 3)
        member = cast("Member", journal.consumer("to"))
        memory = begun(member, journal.epoch)
        member.advance(Cursor(member.cursor.low, note=memory.pack())).result()
        while member.read(0):
            pass
        journal.close()
    journal = opened(tmp_path)
    member = cast("Member", journal.consumer("to"))
    assert member.lane.rows == 6

    sizes = []
    for start in range(starts):
        memory = begun(member, start.to_bytes(16, "big"))
        member.advance(Cursor(member.cursor.low, note=memory.pack())).result()
        sizes.append(len(memory.pack()))
    journal.close()
    assert len(memory.lanes) == 3, memory.lanes
    assert memory.lanes[0][1] < memory.lanes[1][1] < memory.lanes[2][1]
    assert set(sizes) == {sizes[0]}
