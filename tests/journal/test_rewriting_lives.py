"""Random lives of a journal whose segments are rewritten, through restarts and power cuts."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.journal import ChannelSpec, Settings
from flumec.runtime.journal.examination import Examination
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal.packing import Key, Keys
from flumec.runtime.journal.records import Cursor, Frame, Full, Put, Stored
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, Survival
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import PATIENCE, Rig

CHANNELS = (
    ChannelSpec("a", 1 << 30, durable=True),
    ChannelSpec("b", 1 << 30, durable=True),
    ChannelSpec("drops", 20_000, durable=True, when_full="drop_oldest"),
)
SECRET = Settings("none", Keys(Key("a secret of at least 32 characters")))
FATES = [NOTHING, EVERYTHING, Survival(0.5, 0.5), Survival(0.5, apart=True, seed=3)]

Step = tuple[str, Any, Any]


def lives(dice: Random, length: int) -> list[Step]:
    """Return a life: a busy channel or two, a quiet one, and now and then an end."""
    steps: list[Step] = []
    quiet = dice.choice(["b", "a", "drops"])
    others = [spec.name for spec in CHANNELS if spec.name != quiet]
    for _ in range(length):
        what = dice.random()
        if what < 0.6:
            channels = set(dice.sample(others, dice.choice([1, 1, 2])))
            size = dice.choice([1, 40, 700, 2000, 2000, 9000])
            if dice.random() < 0.1:
                channels.add(quiet)
            elif dice.random() < 0.1:
                channels, size = {quiet}, 40
            steps.append(("put", channels, size))
        elif what < 0.85:
            name = quiet if dice.random() < 0.1 else dice.choice(others)
            steps.append(("deliver", name, dice.randint(1, 30)))
        elif what < 0.95:
            steps.append(("settle", None, None))
        else:
            steps.append(("end", dice.choice(["close", "kill", *FATES]), None))
    return steps


@dataclass
class Model:
    """What each channel was given and has not delivered, by first row."""

    held: dict[str, dict[int, bytes]] = field(
        default_factory=lambda: {spec.name: {} for spec in CHANNELS}
    )
    puts: int = 0


@dataclass
class Life:
    """A journal and its model."""

    rig: Rig
    model: Model = field(default_factory=Model)

    def put(self, channels: set[str], size: int) -> None:
        """Put a frame of two rows."""
        self.model.puts += 1
        body = (b"%d." % self.model.puts) * size
        frame = Frame(tuple(sorted(channels)), 2, pa.py_buffer(body))
        stored = self.rig.outcome(self.rig.journal.submit(Put((frame,))))
        if not isinstance(stored, Stored):
            assert stored == Full("drops"), "what its consumer has taken is not dropped"
            return
        for name in channels:
            self.model.held[name][stored.first] = body

    def deliver(self, name: str, frames: int) -> None:
        """Read from the cursor on, and be done with some frames."""
        found = self.read(name)[:frames]
        if found:
            low = found[-1][0] + 2
            cursor = Cursor(low, delivered=2 * len(found))
            self.rig.consumer(name).advance(cursor).result(PATIENCE)
            held = self.model.held[name]
            self.model.held[name] = {first: body for first, body in held.items() if first >= low}

    def read(self, name: str) -> list[tuple[int, bytes]]:
        consumer = self.rig.consumer(name)
        consumer.seek(consumer.cursor.low)
        found = []
        while more := consumer.read(0):
            found += [(chunk.first, bytes(chunk.body)) for chunk in more]
        return found

    def end(self, how: "str | Survival") -> None:
        """End the process, or the power, and open the journal again."""
        if how == "close":
            self.rig.reopen()
            return
        disk, journal = self.rig.disk, self.rig.journal
        assert isinstance(disk, CrashDisk)
        self.rig.disk = disk.kill() if isinstance(how, str) else disk.reboot(how)
        journal.close()
        self.rig.open()

    def check(self) -> None:
        """Hold every channel to the model; what was dropped is counted."""
        for spec in CHANNELS:
            found, held = self.read(spec.name), self.model.held[spec.name]
            if spec.when_full == "drop_oldest":
                assert found == [(first, held[first]) for first, _ in found]
            else:
                assert found == sorted(held.items())
            assert self.rig.balance(spec.name)[3] == 2 * len(found)
        outside = inspect(self.rig.directory, self.rig.disk)
        assert outside.damage == list(Examination(outside, self.rig.disk).run()) == []


def lived(life: list[Step], *, secret: bool) -> int:
    """Live it; return how many segments were rewritten since its last crash."""
    rig = Rig()
    rig.segment_size = 32 << 10
    if secret:
        rig.settings = SECRET
    rig.open(*CHANNELS)
    one = Life(rig)
    for verb, what, much in life:
        if verb == "put":
            one.put(what, much)
        elif verb == "deliver":
            one.deliver(what, much)
        elif verb == "end":
            one.end(what)
        else:
            rig.settled()
            one.check()
    one.check()
    rig.journal.close()
    assert not [failure for failure in rig.failures if "power was cut" not in str(failure)]
    assert isinstance(rig.disk, CrashDisk)
    return sum(what.startswith("rename rewriting") for what in rig.disk.log)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1 << 32), st.booleans())
def test_any_life_delivers_what_was_put(seed: int, secret: bool) -> None:
    lived(lives(Random(seed), 60), secret=secret)


@pytest.mark.slow
@settings(max_examples=thorough.share(100), deadline=None)
@given(st.integers(0, 1 << 32), st.integers(50, 400), st.booleans())
def test_any_long_life_delivers_what_was_put(seed: int, length: int, secret: bool) -> None:
    lived(lives(Random(seed), length), secret=secret)


def test_such_a_life_rewrites_segments() -> None:
    life: list[Step] = []
    for _ in range(6):
        life += [("put", {"b"}, 40), *[("put", {"a", "drops"}, 2000)] * 6, ("deliver", "a", 30)]
        life += [("deliver", "drops", 30), ("settle", None, None)]
    assert lived(life, secret=False) > 2
