"""Who holds a sink's folder: taken by name, handed over by hand, and what a state must know."""

import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from flumec.runtime.disk import RealDisk
from flumec.runtime.output.holding import Claim
from flumec.runtime.output.local import LocalStore
from flumec.runtime.output.note import Note
from flumec.runtime.output.store import Superseded, Unknown
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

from .conftest import Channel, SinkPlace, TroubledDisk
from .test_copied_states import copied


class State:
    """What a state would know of the folder, and the starts that it has."""

    def __init__(self, folder: Path, known: Sequence[str] = (), intents: int = 0) -> None:
        self.folder = folder
        self.known = list(known)
        self.intents = intents

    def start(self, host: str = "core-1") -> LocalStore:
        """Take the folder over, as a start does."""
        epoch = os.urandom(16)
        store = LocalStore(self.folder, "sink", epoch, RealDisk(), host=host)
        claim = Claim(tuple(self.known), self.intents, lambda _: self.known.append(epoch.hex()))
        store.take_over(claim, witness=False)
        return store

    def copy(self) -> "State":
        return State(self.folder, self.known, self.intents)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "it's out")


def inside(state: State) -> list[str]:
    """Return what is in the sink's folder, with an epoch as the number of the start."""
    base = state.folder / ".flumec" / "sink"
    found = [str(path.relative_to(base)) for path in sorted(base.rglob("*"))]
    return [re.sub(r"[0-9a-f]{32}", lambda m: f"{state.known.index(m[0])}", name) for name in found]


def test_a_folder_has_one_holder_and_one_mark(state: State) -> None:
    state.start()
    assert inside(state) == ["0.core-1", "0.core-1/at-0"]

    state.intents = 3
    store = state.start("core-2.example.com")
    assert inside(state) == ["1.core-2.example.com", "1.core-2.example.com/at-3"]

    for intents in (4, 4, 7):
        store.mark(intents)
    assert inside(state) == ["1.core-2.example.com", "1.core-2.example.com/at-7"]
    assert [path.name for path in (state.folder / ".flumec").iterdir()] == ["sink"]


def test_a_state_that_does_not_know_the_holder_is_told_who_it_is(state: State) -> None:
    state.start()
    old = state.copy()
    state.start("core-2")

    for _ in range(2):
        with pytest.raises(Superseded, match=r"is held by epoch [0-9a-f]{8} on core-2, which this"):
            old.start()
    assert inside(state) == ["1.core-2", "1.core-2/at-0"]


@pytest.mark.parametrize(("behind", "times"), [(1, "once"), (3, "3 times")])
def test_a_state_that_is_behind_what_was_published_is_told_so(
    state: State, behind: int, times: str
) -> None:
    store = state.start()
    store.mark(behind)

    with pytest.raises(Superseded, match=f"on core-1, and {times} published what it does not know"):
        state.copy().start()

    state.intents = behind
    state.start()


def hand_over(error: pytest.ExceptionInfo[Superseded]) -> None:
    """Do what the message says."""
    subprocess.run(
        shlex.split(str(error.value).partition("then run `")[2].partition("`")[0]), check=True
    )


@pytest.mark.parametrize("known", [True, False], ids=["known before", "not known yet"])
def test_an_operator_hands_the_folder_over(state: State, known: bool) -> None:
    if known:
        state.start()
    old = state.copy()
    newest = state.start("core-2")
    newest.mark(9)
    with pytest.raises(Superseded) as error:
        old.start()

    hand_over(error)
    old.start("core-3")

    assert inside(old)[-1].endswith("core-3/at-0")
    with pytest.raises(Superseded, match="core-3"):
        state.start()


def test_an_empty_folder_is_no_proof(state: State, tmp_path: Path) -> None:
    (state.folder / ".flumec" / "sink").mkdir(parents=True)
    store = LocalStore(state.folder, "sink", os.urandom(16), RealDisk(), host="core-1")

    with pytest.raises(Unknown, match="is missing, and with it the proof of what was published"):
        store.take_over(Claim((), 0, lambda _: None), witness=True)

    state.start()
    assert inside(state) == ["0.core-1", "0.core-1/at-0"]


def test_what_is_not_ours_in_the_folder_is_left_alone(state: State) -> None:
    state.start()
    (state.folder / ".flumec" / "sink" / "notes.txt").write_text("theirs")

    state.start()

    assert inside(state) == ["1.core-1", "1.core-1/at-0", "notes.txt"]


@pytest.mark.parametrize("host", ["web/1", "fe80::1%eth0", "", "x" * 300, "handed_over"])
def test_any_host_has_a_name_that_a_folder_can_have(state: State, host: str) -> None:
    state.start(host)
    state.start(host)

    (holder, _) = inside(state)
    assert re.fullmatch(r"1\.[0-9A-Za-z.-]{1,150}", holder)


def test_starts_that_were_killed_while_they_took_over_are_few_in_a_note() -> None:
    note = Note("", "/out", ()).holding("/out", "held")
    for start in range(100):
        note = note.announcing("/out", f"{start}", "held")
    assert note.starts == {"/out": ("held", "93", "94", "95", "96", "97", "98", "99")}
    moved = note.announcing("/moved", "100", "held")
    assert moved.starts["/moved"] == ("held", "100")
    assert moved.holding("/out", "101").known("/moved") == ("101", "held", "100")
    for number in range(100):
        note = note.holding(f"/{number}", "x")
    assert len(note.starts) == 16


def test_a_sink_that_is_refused_goes_on_once_the_folder_is_handed_over(
    channel: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink = FileRoll("files", directory=tmp_path / "out", roll=Roll(events=1))
    channel.bodies(b"one")
    sink.run(SinkPlace(channel.consumer(), TroubledDisk()))
    old = copied(channel)
    channel.bodies(b"two")
    sink.run(SinkPlace(channel.consumer(), TroubledDisk()))
    old.bodies(b"three")
    place = SinkPlace(old.consumer(), TroubledDisk())
    place.consumer.epoch = os.urandom(16)  # type: ignore[misc]
    waits: list[float] = []

    def waited(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            subprocess.run(
                shlex.split(place.failures[-1].partition("then run `")[2].partition("`")[0]),
                check=True,
            )

    place.waited = waited
    place.until = lambda: place.idling or len(waits) > 20
    sink.run(place)

    assert len(waits) == 5
    assert place.failures[-1] == ""
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    texts = sorted(path.read_text() for path in (tmp_path / "out").glob("*.log"))
    assert texts == ["one\n", "three\n", "two\n"]


def test_a_copy_is_refused_in_another_directory_too(channel: Channel, tmp_path: Path) -> None:
    sink = FileRoll("files", directory=tmp_path / "a", roll=Roll(events=1))
    channel.bodies(b"one")
    sink.run(SinkPlace(channel.consumer(), TroubledDisk()))
    twin = copied(channel)
    sink.run(SinkPlace(channel.consumer(), TroubledDisk()))
    twin.bodies(b"twin")
    place = SinkPlace(twin.consumer(), TroubledDisk())
    place.consumer.epoch = os.urandom(16)  # type: ignore[misc]
    place.until = lambda: place.counters.counts["retries"] > 3
    FileRoll("files", directory=tmp_path / "b").run(place)

    assert "does not know of" in place.failures[-1]
    assert list((tmp_path / "b").glob("*.log")) == []


@pytest.mark.parametrize("how", ["moved", "moved, with a link in its place", "by a link"])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=" to ".join)
def test_a_directory_may_be_moved_and_have_another_name(
    channel: Channel, tmp_path: Path, names: tuple[str, str], how: str
) -> None:
    was, now = (tmp_path / name for name in names)
    channel.bodies(b"one")
    FileRoll("files", directory=was, roll=Roll(events=1)).run(
        SinkPlace(channel.consumer(), TroubledDisk())
    )
    if how != "by a link":
        was.rename(now)
    if how != "moved":
        (now if how == "by a link" else was).symlink_to(was if how == "by a link" else now)
    channel.bodies(b"two")
    place = SinkPlace(channel.consumer(), TroubledDisk())
    place.consumer.epoch = os.urandom(16)  # type: ignore[misc]
    place.until = lambda: place.idling or bool(place.failures)

    FileRoll("files", directory=now, roll=Roll(events=1)).run(place)

    assert place.failures == []
    assert sorted(path.read_text() for path in now.glob("*.log")) == ["one\n", "two\n"]
