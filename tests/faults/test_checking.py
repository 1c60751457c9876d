"""The checker sees what it is there to see, and each point is a step that exists."""

import importlib
import itertools

import pytest
from faults.checking import compare
from faults.points import KINDS, POINTS, Point
from faults.striking import MortalDisk, MortalFile
from faults.traffic import Traffic

LINES = [b"a 0000000%d kind=x %s\n" % (number, b"f" * 64) for number in range(1, 6)]


def test_all_of_it_once_and_in_order_is_good() -> None:
    verdict = compare("store", LINES, LINES)

    assert verdict.good
    assert str(verdict) == "lost 0, duplicated 0, reordered 0"
    assert (verdict.written, verdict.arrived) == (5, 5)


def test_what_is_lost_is_named() -> None:
    verdict = compare("store", LINES, LINES[:2] + LINES[3:])

    assert not verdict.good
    assert verdict.lost == 1
    assert verdict.examples == [f"store: lost: {LINES[2]!r}"]


def test_what_is_doubled_is_named() -> None:
    verdict = compare("store", LINES, [*LINES, LINES[4]])

    assert (verdict.lost, verdict.duplicated) == (0, 1)
    assert verdict.examples == [f"store: doubled: {LINES[4]!r}"]


def test_what_is_reordered_is_named() -> None:
    verdict = compare("store", LINES, [LINES[0], LINES[2], LINES[1], *LINES[3:]])

    assert (verdict.lost, verdict.duplicated, verdict.reordered) == (0, 0, 1)
    assert verdict.examples == [f"store: reordered: {LINES[1]!r}"]


def test_sources_and_kinds_have_orders_of_their_own() -> None:
    other = [line.replace(b"a ", b"b ") for line in LINES]
    kinds = [line.replace(b"kind=x", b"kind=y") for line in LINES]

    assert compare("store", [*LINES, *other, *kinds], [*LINES, *other, *kinds]).good
    mixed = [line for three in zip(LINES, other, kinds, strict=True) for line in three]
    assert compare("store", [*LINES, *other, *kinds], mixed).good


def test_a_torn_line_is_one_that_nobody_wrote() -> None:
    verdict = compare("store", LINES, [LINES[0][:20] + b"\n", *LINES[1:]])

    assert (verdict.lost, verdict.foreign) == (1, 1)
    assert str(verdict).endswith("never written 1")


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point.when} {point.key}")
def test_a_point_is_a_step_that_exists(point: Point) -> None:
    kind, *place = point.place.split()
    if kind == "disk":
        assert place[0] in ("*", "open") or hasattr(MortalDisk, place[0]) | hasattr(
            MortalFile, place[0]
        )
        assert point.when != "half" or place[0] == "write"
        return
    module, path = place[0].split(":")
    owner, method = path.split(".")
    assert callable(getattr(getattr(importlib.import_module(module), owner), method))
    assert point.when != "half"


def test_points_need_points_that_exist() -> None:
    keys = {point.key for point in POINTS}

    assert {point.needs for point in POINTS} - {""} <= keys
    assert KINDS == (
        "source", "journal", "link sender", "link receiver", "sink commit", "roll", "recovery",
    )  # fmt: skip


def test_the_traffic_knows_what_it_wrote(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("logs")
    traffic = Traffic(folder, seed=5)
    for _ in range(600):
        traffic.burst(20)
    traffic.finish()

    files = {path: path.read_bytes() for path in sorted(folder.iterdir())}
    assert len(files) > 4
    assert all(content.endswith(b"\n") for content in files.values() if content)
    found = itertools.chain(*(content.splitlines(True) for content in files.values()))
    assert sorted(found) == sorted(traffic.written)
