"""The checker sees what it is there to see, and each point is a step that exists."""

import importlib
import itertools
import random
from collections import Counter
from pathlib import Path

import pytest
from faults.campaign import Aims
from faults.checking import compare
from faults.fleets import FLEETS, KINDS, POINTS
from faults.outage import Outage
from faults.points import Point
from faults.posting import original, originals
from faults.stores import Store
from faults.striking import MortalDisk, MortalFile
from faults.traffic import Logs

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
    for fleet in FLEETS.values():
        keys = [point.key for point in fleet.points]
        assert {point.needs for point in fleet.points} - {""} <= set(keys)
        assert {point.role for point in fleet.points} == set(fleet.agents)
    assert KINDS == (
        "source", "journal", "link sender", "link receiver", "sink commit", "roll", "recovery",
        "http", "fan-out", "hdfs commit", "dedup", "dead letters", "encrypted journal",
        "key rotation",
    )  # fmt: skip


def test_a_point_that_was_missed_comes_again_until_it_is_struck() -> None:
    points = [Point("kind", "role", name, "disk * *") for name in "abc"]
    aims = Aims(points, "role", random.Random(1))
    seen: Counter[str] = Counter()
    for _ in range(60):
        point = aims.next()
        assert point is not None
        seen[point.name] += 1
        aims.took(point, aimed=point.name != "b" or seen["b"] == 20)
        if not aims.open:
            break
    assert seen["b"] == 20
    assert seen["a"] < 20 > seen["c"]
    assert Aims(points, "another", random.Random(1)).next() is None


def test_what_came_to_two_places_has_two_orders() -> None:
    assert compare("store", LINES, LINES[2:], LINES[:2]).good
    assert compare("store", LINES, LINES[2:], LINES[:3]).duplicated == 1
    assert compare("store", LINES, LINES[3:], LINES[:2]).lost == 1


def test_a_copy_that_was_written_counts_as_its_event_doubled(tmp_path: Path) -> None:
    copies = [line[:1].upper() + line[1:] for line in LINES]
    (tmp_path / "lake").mkdir()
    store = Store("lake", [tmp_path / "lake"], originals, original)
    for number, lines in enumerate((LINES, copies[:1])):
        file = tmp_path / "lake" / f"h.a.s.{number * 5:012}-{number * 5 + 4:012}.0.log"
        file.write_bytes(b"".join(lines))
        verdict = store.judge([*LINES, *copies])
        assert (verdict.lost, verdict.duplicated, store.arrived()) == (0, number, 5 + number)


def test_a_store_goes_away_and_comes_back_with_what_it_had(tmp_path: Path) -> None:
    outage = Outage(tmp_path / "store")
    (tmp_path / "store" / "one").touch()
    for away in (True, True, False, True, False):
        outage.be(away)
        assert (tmp_path / "store").is_file() is away
    assert (tmp_path / "store" / "one").exists()


def test_the_traffic_knows_what_it_wrote(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("logs")
    traffic = Logs(folder, seed=5)
    for _ in range(600):
        traffic.burst(20)
    traffic.finish()

    files = {path: path.read_bytes() for path in sorted(folder.iterdir())}
    assert len(files) > 4
    assert all(content.endswith(b"\n") for content in files.values() if content)
    found = itertools.chain(*(content.splitlines(True) for content in files.values()))
    assert sorted(found) == sorted(traffic.written)
