"""Real agents: one that sends to several, while they are killed, frozen, filled and taken out."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import thorough

from tests.link.several import Several

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

Make = Callable[..., Several]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Several] = []

    def one(group: str, **settings: Any) -> Several:
        made.append(Several(tmp_path, group, **settings))
        made[-1].start()
        return made[-1]

    yield one
    for each in made:
        each.end()


def doubled(fleet: Several) -> int:
    found = fleet.everything
    return sum(found.values()) - len(found)


@pytest.mark.parametrize("seed", thorough.first(range(2)))
@pytest.mark.parametrize("kind", ["Failover", "Balance"])
def test_kills_of_anybody_lose_and_double_nothing_with_wait(
    make: Make, kind: str, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet, chance = (
        make(f'{kind}(PEERS, in_doubt="wait")', total=60_000, rate=4_000),
        random.Random(seed),
    )
    kills = 0
    while not fleet.whole() and kills < 8:
        time.sleep(chance.uniform(1.0, 3.0))
        name = chance.choice(["tailer", *fleet.names])
        fleet.kill(name)
        time.sleep(chance.choice([0.0, 2.5]))
        fleet.start(name)
        kills += 1
    fleet.until(fleet.whole, 120)
    spread = {name: sum(fleet.got(name).values()) for name in fleet.names}
    with capsys.disabled():
        print(f"\n{kind}, wait: {kills} kills, {spread}, lost 0, doubled {doubled(fleet)}")
    assert doubled(fleet) == 0


def test_with_resend_nothing_is_lost_and_what_may_be_doubled_is_said(make: Make) -> None:
    fleet = make("Failover(PEERS)", total=100_000, rate=8_000)
    away, back = "takes over from `to_core-1`", "takes over from `to_core-2`"
    fleet.until(lambda: sum(fleet.got("core-1").values()) > 0)
    for turns in range(3):
        time.sleep(1.0)
        fleet.kill("core-1")
        time.sleep(3.0)
        fleet.start("core-1")
        fleet.until(lambda past=turns: fleet.log("tailer").count(back) > past or fleet.whole())  # type: ignore[misc]
    fleet.until(fleet.whole, 120)
    assert away in fleet.log("tailer")
    assert back in fleet.log("tailer"), "the preferred one is not back"
    if doubled(fleet):
        assert "may be delivered twice" in fleet.log("tailer")


def test_silence_is_noticed_and_what_was_sent_waits(make: Make) -> None:
    settings = (
        'back_off=Duration("300ms"), time_out=Duration("3s"), connect_time_out=Duration("1s")'
    )
    fleet = make('Failover(PEERS, in_doubt="wait")', total=30_000, rate=3_000, settings=settings)
    fleet.until(lambda: sum(fleet.got("core-1").values()) > 0)
    fleet.freeze("core-1")
    before = sum(fleet.got("core-2").values())  # it may have been up first
    fleet.until(lambda: "silent for" in fleet.log("tailer"), 30)
    fleet.until(lambda: sum(fleet.got("core-2").values()) > before, 30)
    time.sleep(3.0)
    fleet.thaw("core-1")
    fleet.until(fleet.whole, 90)
    assert doubled(fleet) == 0


def test_full_is_not_dead(make: Make) -> None:
    """The first one's channel is full, as its sink is away: it stays the one that gets rows."""
    settings = 'time_out=Duration("2s"), back_off=Duration("300ms")'
    fleet = make(
        'Failover(PEERS, in_doubt="wait")', total=150_000, rate=30_000, settings=settings,
        inbox="1MiB",
    )  # fmt: skip
    out = fleet.folder / "core-1-out"
    fleet.until(lambda: sum(fleet.got("core-1").values()) > 0)
    before = sum(fleet.got("core-2").values())
    out.rename(fleet.folder / "away")
    out.touch()
    time.sleep(8.0)
    assert sum(fleet.got("core-2").values()) == before, "a full receiver was taken for a dead one"
    out.unlink()
    (fleet.folder / "away").rename(out)
    fleet.until(fleet.whole, 90)
    assert doubled(fleet) == 0


def test_weights_share_what_comes(make: Make) -> None:
    fleet = make("Balance(PEERS, weights=(1, 3))", total=30_000, rate=3_000)
    fleet.until(lambda: all(fleet.got(name) for name in fleet.names))
    before = [sum(fleet.got(name).values()) for name in fleet.names]
    fleet.until(fleet.whole, 90)
    one, three = (sum(fleet.got(n).values()) - b for n, b in zip(fleet.names, before, strict=True))
    assert 2 < three / one < 4.5, (one, three)
    assert doubled(fleet) == 0


def test_all_down_holds_the_source_and_whoever_comes_first_goes_on(make: Make) -> None:
    fleet = make('Balance(PEERS, in_doubt="wait")', total=400_000, rate=80_000, size="1MiB")
    fleet.until(lambda: len(fleet.everything) > 1_000)
    for name in fleet.names:
        fleet.kill(name)
    time.sleep(4.0)
    assert "[RT703]" in fleet.log("tailer")
    shown, state = fleet.status()
    spool = state["channels"]["spool"]
    assert spool["held_bytes"] > 0.7 * spool["size"], spool
    assert "to_core-1 cannot work: no link to core-1" in shown
    assert "tailer.ticks waits" in shown, shown
    fleet.start("core-2")
    fleet.until(lambda: len(fleet.everything) > 200_000, 60)
    fleet.start("core-1")
    fleet.until(fleet.whole, 60)
    assert doubled(fleet) == 0


@pytest.mark.parametrize("in_doubt", ["wait", "resend"])
def test_a_peer_that_is_taken_out_leaves_what_it_had(make: Make, in_doubt: str) -> None:
    fleet = make(f'Balance(PEERS, in_doubt="{in_doubt}")', peers=3, total=30_000, rate=10_000)
    fleet.until(lambda: sum(fleet.got("core-1").values()) > 0)
    fleet.freeze("core-1")
    time.sleep(0.5)
    fleet.kill("tailer")
    fleet.write_tailer(["core-2", "core-3"])
    fleet.start("tailer")
    if in_doubt == "resend":
        fleet.thaw("core-1")
        fleet.until(fleet.whole)
        assert "[RT702]" in fleet.log("tailer")
        return
    fleet.until(lambda: "[RT704]" in fleet.log("tailer"))
    fleet.thaw("core-1")
    fleet.stop("tailer")
    fleet.write_tailer(fleet.names)  # as the message says
    fleet.start("tailer")
    fleet.until(fleet.whole)
    assert doubled(fleet) == 0


def test_with_all_each_gets_everything_once(make: Make) -> None:
    fleet = make("All(PEERS)", total=30_000, rate=6_000)
    for name in ("core-1", "tailer", "core-2"):
        fleet.until(lambda: len(fleet.got("core-1")) > 500)
        fleet.kill(name)
        time.sleep(1.0)
        fleet.start(name)
    for name in fleet.names:
        fleet.until(lambda name=name: len(fleet.got(name)) == fleet.total)  # type: ignore[misc]
        assert sum(fleet.got(name).values()) == fleet.total


def test_with_all_who_is_away_holds_the_source_and_status_says_so(make: Make) -> None:
    fleet = make("All(PEERS)", total=400_000, rate=80_000, size="1MiB")
    fleet.until(lambda: len(fleet.got("core-2")) > 500)
    fleet.kill("core-1")
    time.sleep(4.0)
    shown, _ = fleet.status()
    assert "tailer.ticks waits ← web-1/tailer.spool@core-1" in shown, shown
    fleet.start("core-1")
    for name in fleet.names:
        fleet.until(lambda name=name: len(fleet.got(name)) == fleet.total)  # type: ignore[misc]
        assert sum(fleet.got(name).values()) == fleet.total


def test_with_hash_a_value_keeps_to_its_peer_through_its_outage(make: Make) -> None:
    fleet = make('Hashed(Header("user"), PEERS)', total=30_000, rate=6_000)
    fleet.until(lambda: len(fleet.everything) > 500)
    for name in ("core-1", "tailer", "core-2"):
        fleet.kill(name)
        time.sleep(2.0)
        fleet.start(name)
    fleet.until(fleet.whole)
    assert doubled(fleet) == 0
    users = [{number % 7 for number in fleet.got(name)} for name in fleet.names]
    assert all(users)
    assert not users[0] & users[1]
