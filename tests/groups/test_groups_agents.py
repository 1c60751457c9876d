"""Real agents whose sinks share a channel, through targets that go away, kills, and new bundles."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.runtime.control.client import Client, Refused

from tests.groups.agents import Fleet, roll

TOTAL = 60_000
HOSTS = ("0", "1", "2")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    for member in ("a", "b", "c"):
        (tmp_path / member / "mount").mkdir(parents=True)
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.kill()


def write(
    fleet: Fleet, group: str, *members: str, total: int = TOTAL, every: str = "300ms"
) -> None:
    sinks = [roll(name, fleet.place(name), "%{host}", every="300ms") for name in members]
    fleet.write(group, sinks, total=total, rate=4_000)


@pytest.mark.parametrize("in_doubt", ["wait", "resend"])
@pytest.mark.parametrize("kind", ["Failover", "Balance"])
def test_through_targets_that_go_and_kills_all_comes_out(
    fleet: Fleet, kind: str, in_doubt: str
) -> None:
    chance = random.Random(f"{kind} {in_doubt}")
    write(fleet, f'{kind}(a, b, in_doubt="{in_doubt}")', "a", "b")
    fleet.start()
    for member, other in (("a", "b"), ("b", "a")):
        fleet.until(lambda: len(fleet.published("a")) > 1_000)
        fleet.take_away(member)
        time.sleep(chance.random())
        fleet.kill()
        before = len(fleet.published(other))
        fleet.start()
        fleet.until(lambda other=other, before=before: len(fleet.published(other)) > before)  # type: ignore[misc]
        time.sleep(chance.random())
        fleet.bring_back(member)
        time.sleep(chance.random())
        fleet.kill()
        fleet.start()
    fleet.until(lambda: set(fleet.everything("a", "b")) == set(range(TOTAL)), 90)
    fleet.stop()
    out = fleet.everything("a", "b")
    assert set(out) == set(range(TOTAL))
    if in_doubt == "wait":
        assert max(out.values()) == 1


@pytest.mark.parametrize("in_doubt", ["wait", "resend"])
def test_what_is_in_doubt_waits_or_is_sent_again(fleet: Fleet, in_doubt: str) -> None:
    """Files of `a` are intended, and cannot get their names: nobody knows what became of them."""
    total = 20_000
    write(fleet, f'Failover(a, b, in_doubt="{in_doubt}")', "a", "b", total=total)
    fleet.place("a").mkdir(parents=True)
    for host in HOSTS:
        (fleet.place("a") / host).touch()
    fleet.start()
    fleet.until(lambda: len(fleet.published("b")) > 10_000)
    fleet.kill()
    fleet.start()
    missing = set(range(5_000)) - set(fleet.published("b"))
    assert bool(missing) is (in_doubt == "wait")
    for host in HOSTS:
        (fleet.place("a") / host).unlink()
    fleet.until(lambda: set(fleet.everything("a", "b")) == set(range(total)))
    fleet.stop()
    assert max(fleet.everything("a", "b").values()) == 1  # those of `a` were hidden still
    assert missing <= set(fleet.published("a"))
    assert " wait for it: " in fleet.log


def test_the_preferred_one_takes_over_again_and_order_holds_but_for_what_came_back(
    fleet: Fleet,
) -> None:
    write(fleet, "Failover(a, b)", "a", "b")
    fleet.start()
    fleet.until(lambda: len(fleet.published("a")) > 5_000)
    fleet.take_away("a")
    fleet.until(lambda: len(fleet.published("b")) > 5_000)
    fleet.bring_back("a")
    before = len(fleet.published("a"))
    fleet.until(lambda: len(fleet.published("a")) > before + 5_000)
    fleet.until(lambda: len(fleet.everything("a", "b")) == TOTAL)
    fleet.stop()
    assert "b takes over from `a` in failover(a, b): cannot write" in fleet.log
    assert "a takes over from `b` in failover(a, b): the preferred one works again" in fleet.log
    assert "a gave " in fleet.log
    assert max(fleet.everything("a", "b").values()) == 1


def test_nobody_works_and_then_one_does(fleet: Fleet) -> None:
    write(fleet, "Balance(a, b)", "a", "b", total=20_000)
    fleet.take_away("a")
    fleet.take_away("b")
    fleet.start()
    fleet.until(lambda: "RT703" in fleet.log)
    (said,) = [line for line in fleet.log.splitlines() if "RT703" in line]
    assert "no member of balance(a, b) at channel `spool` works: `a`: cannot write" in said
    fleet.bring_back("b")
    fleet.until(lambda: len(fleet.published("b")) == 20_000)
    fleet.stop()


def test_a_slow_member_takes_less(fleet: Fleet) -> None:
    sinks = ['fast = Paced("fast", pace=0.01)', 'slow = Paced("slow", pace=0.2)']
    total = 120_000  # some seconds: one that is quick may have a turn of one
    fleet.write("Balance(slow, fast)", sinks, total=total, rate=40_000)
    fleet.start()
    fleet.until(lambda: len(fleet.lines("fast")) + len(fleet.lines("slow")) == total)
    fleet.stop()
    assert Counter(fleet.lines("fast") + fleet.lines("slow")) == Counter(range(total))
    assert fleet.lines("slow")
    assert len(fleet.lines("fast")) > 2 * len(fleet.lines("slow"))


def test_a_row_that_kills_one_member_stays_with_it(fleet: Fleet) -> None:
    sinks = ['one = Paced("one", dies_of=b"4321")', 'two = Paced("two", dies_of=b"4321")']
    fleet.write("Failover(one, two)", sinks, total=6_000)
    fleet.start()
    others = Counter(n for n in range(6_000) if n != 4321)
    fleet.until(lambda: len(fleet.lines("one")) + len(fleet.lines("two")) == 5_999)
    fleet.kill()
    fleet.start()
    fleet.until(lambda: "stopped before row 4321" in (fleet.folder / "log-2").read_text())
    assert "other members of its group deliver what follows; skip it" in fleet.log
    assert (fleet.folder / "deaths").read_text().split() == ["one"] * 3
    assert Counter(fleet.lines("one") + fleet.lines("two")) == others
    fleet.until(lambda: skipped(fleet, 4321) == {"skipped": 4321, "consumer": "one"})
    fleet.stop()


def skipped(fleet: Fleet, row: int) -> object:
    """Skip a row, which is refused for a moment after it was said that its sink is stopped."""
    try:
        return Client(fleet.folder / "state").post("/channels/spool/skip", {"row": row})
    except Refused:
        return None


def test_a_paused_member_hands_over(fleet: Fleet) -> None:
    sinks = ['one = Paced("one")', 'two = Paced("two")']
    fleet.write("Failover(one, two)", sinks, total=20_000, rate=4_000)
    fleet.start()
    fleet.until(lambda: len(fleet.lines("one")) > 2_000)
    Client(fleet.folder / "state").post("/sinks/one/pause", {"seconds": None})
    fleet.until(lambda: len(fleet.lines("two")) > 4_000)
    Client(fleet.folder / "state").post("/sinks/one/resume")
    before = len(fleet.lines("one"))
    fleet.until(lambda: len(fleet.lines("one")) > before + 2_000)
    fleet.until(lambda: len(fleet.lines("one")) + len(fleet.lines("two")) == 20_000)
    fleet.stop()
    assert Counter(fleet.lines("one") + fleet.lines("two")) == Counter(range(20_000))


def test_a_sink_becomes_a_group_whose_members_change_and_nothing_doubles(fleet: Fleet) -> None:
    """Killed under load each time: who is put back settles its own, and so does who follows it."""
    steps = [
        ("", "a"),
        ("Failover", "ab"),
        ("Balance", "bc"),
        ("Failover", "cab"),
        ("Balance", "ab"),
    ]
    total = 0
    for kind, members in steps:
        total += 4_000
        group = f'{kind}({", ".join(members)}, in_doubt="wait")' if kind else members
        write(fleet, group, *members, total=total)
        fleet.start()
        if total < 4_000 * len(steps):
            fleet.until(lambda total=total: len(fleet.everything(*"abc")) > total - 2_000)  # type: ignore[misc]
            fleet.kill()
    fleet.until(lambda: len(fleet.everything(*"abc")) == total)
    fleet.stop()
    assert fleet.everything(*"abc") == Counter(range(total))


@pytest.mark.parametrize("last", ["b", "a"])
def test_a_group_becomes_a_sink_again_and_all_is_delivered(fleet: Fleet, last: str) -> None:
    """If not once: what a removed member was publishing as it was killed is repeated."""
    write(fleet, "Failover(a, b)", "a", "b", total=8_000)
    fleet.start()
    fleet.until(lambda: len(fleet.published("a")) > 3_000)
    fleet.kill()
    for step in (10_000, 12_000):
        write(fleet, last, last, total=step)
        fleet.start()
        fleet.until(lambda step=step: set(fleet.everything("a", "b")) == set(range(step)))  # type: ignore[misc]
        fleet.stop()


def test_a_memory_channel_is_shared_too(fleet: Fleet) -> None:
    sinks = [roll(name, fleet.place(name), "%{host}", every="300ms") for name in ("a", "b")]
    fleet.write("Failover(a, b)", sinks, total=20_000, rate=5_000, channel="Memory")
    fleet.start()
    fleet.until(lambda: len(fleet.published("a")) > 3_000)
    fleet.take_away("a")
    fleet.until(lambda: len(fleet.published("b")) > 5_000)
    fleet.bring_back("a")
    fleet.until(lambda: len(fleet.everything("a", "b")) == 20_000)
    fleet.stop()
    assert max(fleet.everything("a", "b").values()) == 1
