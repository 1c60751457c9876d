"""`sync = 1s`: put is written, shown is synced; a power cut takes the end, and no more."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

import pytest
import thorough
from flumec.runtime.journal import JournalDamaged, JournalFailed
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.examination import Examination
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal.inspection import segments as segments_of
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival

from .conftest import DIRECTORY
from .lazy import EVERY, Lazy, Told, copy, fresh

ANY = Survival(0.7, 1.0, order="any", seed=1)
CUTS = pytest.mark.parametrize(
    ("survival", "stride"),
    [
        (ANY, 5),
        *(
            pytest.param(survival, 1, marks=pytest.mark.slow)
            for survival in (
                ANY,
                NOTHING,
                Survival(0.5, 1.0, torn=True),
                EVERYTHING,
                Survival(0.5, 0.5, order="last"),
                *(Survival(0.5, 1.0, order="any", seed=seed) for seed in range(2, 6)),
                *(Survival(0.5, torn=True, seed=seed, apart=True) for seed in range(3)),
            )
        ),
    ],
    ids=str,
)


def puts(lazy: Lazy) -> None:
    for _ in range(3):
        lazy.put("a")
    lazy.tick()
    for _ in range(3):
        lazy.put("a", "b", size=700)


def cursors(lazy: Lazy) -> None:
    lazy.put("a")
    lazy.put("a", "b")
    lazy.tick()
    lazy.advance("a")
    lazy.put("b")
    lazy.put("a")
    lazy.tick()
    lazy.put("a")
    lazy.advance("b")
    lazy.put("a", "b")


def segments(lazy: Lazy) -> None:
    for _ in range(6):
        lazy.put("a", size=6000)
        lazy.advance("a")
    lazy.put("b")
    lazy.put("a", size=9000)
    lazy.put("a", size=9000)


def forced(lazy: Lazy) -> None:
    lazy.put("a")
    lazy.put("a")
    lazy.intend()
    lazy.put("b")
    lazy.put("a", received=(0, 10))
    lazy.put("a")


Script = Callable[[Lazy], None]
SCRIPTS = [
    puts,
    *(pytest.param(each, marks=pytest.mark.slow) for each in (cursors, segments)),
    forced,
]


def run(script: Script, disk: CrashDisk, told: Told) -> None:
    """Run a script until the power goes."""
    with suppress(JournalFailed, PowerCut):
        lazy = Lazy(disk, told)
        with suppress(JournalFailed, PowerCut):
            script(lazy)
        lazy.close()


def crashes(script: Script) -> Iterator[tuple[Told, CrashDisk]]:
    """Yield what was told, and the disk, after a cut at each operation."""
    cut, dead = 0, True
    while dead:
        cut += 1
        told, disk = Told(), fresh()
        disk.cut_at = disk.operations + cut
        run(script, disk, told)
        dead = disk.dead
        yield told, disk


def seen_from_outside(disk: CrashDisk) -> int:
    """Return how many puts the operator's tools find, who take a torn end for no damage."""
    if not segments_of(DIRECTORY, disk):
        return 0
    found = inspect(DIRECTORY, disk)
    assert not found.damage
    assert not [each for each in Examination(found, disk).run() if isinstance(each, Damage)]
    positions = found.state.progress.get(0, {})
    return int(positions[b"file"].to) if positions else 0


def goes_on(disk: CrashDisk, told: Told, every: float | None = EVERY) -> None:
    """Open, and put, show and deliver more."""
    before = seen_from_outside(disk)
    lazy = Lazy(disk, told, every)
    told.forget(lazy.check())
    assert told.tried == before
    lazy.put("a", "b")
    lazy.tick()
    lazy.advance("a")
    lazy.put("a")
    lazy.close()


@CUTS
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_power_cut_takes_the_end_and_nothing_that_was_synced(
    script: Script, survival: Survival, stride: int
) -> None:
    seen = 0
    for told, disk in islice(crashes(script), 0, None, stride):
        goes_on(disk.reboot(survival), told)
        seen += stride
    assert seen > 15


@thorough.strides(7)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_kill_takes_nothing_that_was_answered(script: Script, stride: int) -> None:
    """And what the next start shows is on the disk by then: a power cut takes nothing of it."""
    for told, disk in islice(crashes(script), 0, None, stride):
        after = disk.kill()
        lazy = Lazy(after, told)
        told.forget(lazy.check(answered=True))
        lost = after.reboot(NOTHING)
        lazy.close()
        goes_on(lost, told)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("survival", [NOTHING, ANY, Survival(0.5, torn=True, apart=True)], ids=str)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_every_cut_while_recovering(script: Script, survival: Survival) -> None:
    for told, disk in islice(crashes(script), thorough.phase(survival), None, thorough.step()):
        after, cut = disk.reboot(survival), 0
        while True:
            cut += 1
            again = after.reboot(EVERYTHING, cut_at=cut)
            with suppress(PowerCut, JournalFailed):
                Lazy(again, copy(told)).close()
            lazy = Lazy(again.reboot(survival), final := copy(told))
            final.forget(lazy.check())
            lazy.put("a", "b")
            lazy.close()
            if again.operations < cut:
                break


@thorough.strides(11)
@pytest.mark.parametrize("every", [None, EVERY], ids=["from now and then", "to now and then"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_the_setting_may_change_between_two_starts(
    script: Script, every: float | None, stride: int
) -> None:
    for told, disk in islice(crashes(script), 0, None, stride):
        after = disk.reboot(Survival(0.6, 1.0, order="any", seed=3))
        goes_on(after, told, every)
        goes_on(after.reboot(NOTHING), told, None if every else EVERY)


def test_without_marks_a_torn_end_is_taken_for_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flumec.runtime.journal.log.mark", lambda _: b"")
    with pytest.raises(JournalDamaged):
        for told, disk in crashes(puts):
            for seed in range(5):
                survival = Survival(0.5, 1.0, order="any", seed=seed)
                Lazy(disk.reboot(survival), copy(told)).close()


def test_if_only_the_last_group_is_copied_more_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    recovery = "flumec.runtime.journal.recovery"
    monkeypatch.setattr(f"{recovery}.synced_below", lambda group: group[0].number)
    with pytest.raises((AssertionError, JournalDamaged)):
        for told, disk in crashes(puts):
            after = disk.kill()
            lazy = Lazy(after, told)
            told.forget(lazy.check())
            lost = after.reboot(NOTHING)
            lazy.close()
            Lazy(lost, told).check()
