"""A checker that finds nothing wrong has to be one that would."""

from pathlib import Path

import pytest
from fleet.load import ID
from fleet.verdict import Arrivals, judge

SENT = [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("arrived", "found", "exactly", "at_least"),
    [
        ([b"a", b"b", b"c"], (0, 0, 0), True, True),
        ([b"c", b"a"], (1, 0, 0), False, False),
        ([b"a", b"b", b"c", b"b", b"b"], (0, 2, 0), False, True),
        ([b"a", b"b", b"c", b"half a li"], (0, 0, 1), False, False),
        ([], (3, 0, 0), False, False),
    ],
)
def test_what_is_lost_doubled_or_torn_is_counted_and_named(
    arrived: list[bytes], found: tuple[int, int, int], exactly: bool, at_least: bool
) -> None:
    lane = judge("exact", "exactly once", SENT, arrived)
    assert (lane.lost, lane.duplicated, lane.foreign) == found
    assert lane.good == exactly
    assert judge("again", "at least once", SENT, arrived).good == at_least
    assert bool(lane.examples) != exactly


def test_what_was_not_answered_may_be_there_once() -> None:
    assert judge("posted", "exactly once", SENT, [*SENT, b"d"], [b"d", b"e"]).good
    assert not judge("posted", "exactly once", SENT, [*SENT, b"d", b"d"], [b"d"]).good


def test_only_published_files_are_read_and_each_once(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path)
    (tmp_path / "web1").mkdir()
    (tmp_path / "web1" / "one").write_bytes(b"a\nb\n")
    (tmp_path / ".flumec").mkdir()
    (tmp_path / ".flumec" / "hidden").write_bytes(b"c\n")
    assert arrivals.look() == 2
    (tmp_path / "web1" / "two").write_bytes(b"c\n")
    assert arrivals.look() == 3
    assert arrivals.lines == [b"a", b"b", b"c"]


def test_an_id_is_found_in_a_line_of_nginx() -> None:
    line = (
        b'127.0.0.1 - - [28/Nov/2026:14:20:05 +0000] "GET /item/5?id=web1-000000102 HTTP/1.1" 200'
    )
    assert (found := ID.search(line)) is not None
    assert found[1] == b"web1-000000102"
