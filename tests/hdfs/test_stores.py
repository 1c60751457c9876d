"""What every store must do, local or remote: the same cases against each."""

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.output.holding import Claim
from flumec.runtime.output.store import Superseded, TakenOver, Unknown
from flumec.runtime.testing.claims import ANY

from .conftest import SINK, HdfsPlace, LocalPlace, Place, hide

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(params=["local", pytest.param("hdfs", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "local":
        return LocalPlace(tmp_path)
    hdfs, directory = request.getfixturevalue("hdfs"), request.getfixturevalue("directory")
    return HdfsPlace(hdfs, directory, tmp_path / "state")


def taken(place: Place, *, witness: bool = False) -> Any:
    store = place.start()
    return store, store.take_over(ANY, witness=witness)


def test_what_is_published_is_seen_whole_and_by_its_name_alone(place: Place) -> None:
    store, found = taken(place)
    one, two = hide(store, b"one\n"), hide(store, b"two\n" * 500_000)
    assert found == {}
    assert place.published() == {}

    store.publish([(one.name, "2026/11/a.log"), (two.name, "b.log")])

    assert place.published() == {"2026/11/a.log": b"one\n", "b.log": b"two\n" * 500_000}
    assert place.hidden() == []


def test_what_was_published_is_passed_over_when_it_is_published_again(place: Place) -> None:
    store, _ = taken(place)
    one, two = hide(store, b"one\n"), hide(store, b"two\n")
    place.put("b.log", b"somebody else's")
    files = [(one.name, "a.log"), (two.name, "b.log")]

    for _ in range(2):
        with pytest.raises(OSError, match="is not ours: move it away"):
            store.publish(files)
    assert place.published() == {"a.log": b"one\n", "b.log": b"somebody else's"}

    store.publish([files[0], (two.name, "c.log")])

    assert place.published() == {
        "a.log": b"one\n", "b.log": b"somebody else's", "c.log": b"two\n",
    }  # fmt: skip


def test_a_file_of_our_name_and_length_is_ours(place: Place) -> None:
    store, _ = taken(place)
    hidden = hide(store, b"one\n")
    place.put("a.log", b"one\n")

    store.publish([(hidden.name, "a.log")])

    assert place.published() == {"a.log": b"one\n"}
    assert place.hidden() == []


def test_a_new_start_finds_what_is_hidden_wherever_earlier_ones_left_it(place: Place) -> None:
    first, _ = taken(place)
    a = hide(first, b"a")
    second, found = taken(place)
    assert set(found) == {a.name.rpartition("/")[2]}
    b = hide(second, b"b")
    third, found = taken(place)
    assert set(found) == {hidden.name.rpartition("/")[2] for hidden in (a, b)}

    third.publish([(found[a.name.rpartition("/")[2]], "a.log")])
    third.remove([found[b.name.rpartition("/")[2]]])

    assert place.published() == {"a.log": b"a"}
    assert place.hidden() == []
    assert third.take_over(ANY, witness=True) == {}


def test_a_start_that_ended_while_it_took_over_is_taken_over_itself(place: Place) -> None:
    stores = [place.start() for _ in range(4)]
    stores[0].take_over(ANY, witness=False)
    hidden = hide(stores[0], b"a")
    name = hidden.name.rpartition("/")[2]
    for store in stores[1:]:
        found = store.take_over(ANY, witness=True)
        assert set(found) == {name}

    stores[-1].publish([(found[name], "a.log")])

    assert place.published() == {"a.log": b"a"}


def test_what_is_discarded_is_gone(place: Place) -> None:
    store, _ = taken(place)
    begun = store.create()
    begun.write([b"half"])
    begun.discard()
    hide(store, b"whole").discard()

    assert place.hidden() == []


ZOMBIE: dict[str, Callable[[Any, Any], None]] = {
    "publishes": lambda store, hidden: store.publish([(hidden.name, "a.log")]),
    "finishes": lambda store, hidden: hide(store, b"more"),
    "secures": lambda store, hidden: store.secure(),
}


@pytest.mark.parametrize("deed", ZOMBIE)
def test_a_zombie_stops(place: Place, deed: str) -> None:
    zombie, _ = taken(place)
    hidden = hide(zombie, b"one")
    successor, found = taken(place, witness=True)
    by = next(iter(found.values())).split("/")[-2][:8]

    with pytest.raises(TakenOver, match=f"taken over by epoch {by} on core-1: this sink stops"):
        ZOMBIE[deed](zombie, hidden)

    assert place.published() == {}
    successor.publish([(path, "a.log") for path in found.values()])
    assert place.published() == {"a.log": b"one"}


def claim(known: Sequence[bytes], intents: int = 0) -> Claim:
    return Claim(tuple(epoch.hex() for epoch in known), intents, lambda _: None)


def test_a_state_that_does_not_know_the_holder_is_refused(place: Place) -> None:
    """A start that was frozen before it took over, or one of an older copy of the state."""
    first, second, frozen = (os.urandom(16) for _ in range(3))
    place.start(first).take_over(claim([]), witness=False)
    successor = place.start(second)
    successor.take_over(claim([first]), witness=False)
    hidden = hide(successor, b"one")

    for _ in range(2):
        with pytest.raises(Superseded, match=f"held by epoch {second.hex()[:8]} on core-1, which"):
            place.start(frozen).take_over(claim([first]), witness=False)
    successor.mark(1)
    successor.publish([(hidden.name, "a.log")])

    assert place.published() == {"a.log": b"one"}
    with pytest.raises(Superseded, match="and once published what it does not know of"):
        place.start(frozen).take_over(claim([second]), witness=False)
    place.start(frozen).take_over(claim([second], 1), witness=False)
    with pytest.raises(TakenOver, match=f"taken over by epoch {frozen.hex()[:8]}"):
        successor.mark(2)


def test_an_operator_hands_the_folder_over(place: Place) -> None:
    first, second, third = (os.urandom(16) for _ in range(3))
    place.start(first).take_over(claim([]), witness=False)
    newer = place.start(second)
    newer.take_over(claim([first]), witness=False)
    newer.mark(5)
    with pytest.raises(Superseded) as error:
        place.start(third).take_over(claim([first], 3), witness=False)

    place.move(*shlex.split(str(error.value).partition("then run `")[2].partition("`")[0])[-2:])
    older = place.start(third)
    assert older.take_over(claim([first], 3), witness=False) == {}

    with pytest.raises(TakenOver, match=f"taken over by epoch {third.hex()[:8]}"):
        newer.mark(6)
    older.mark(4)
    with pytest.raises(Superseded, match="and once published what it does not know of"):
        place.start().take_over(claim([third], 3), witness=False)


def test_folders_of_an_older_runtime_are_taken_with_what_is_in_them(place: Place) -> None:
    """They are named by the epoch alone, and one that was taken over lies in the one that did."""
    one, two, three = "1" * 32, "2" * 32, "3" * 32
    for path in (f"{two}/{two}-1", f"{two}/{one}/{one}-7", f"{three}/{three}-1"):
        place.put(f".flumec/{SINK}/{path}", b"old")

    store, found = taken(place, witness=True)

    assert set(found) == {f"{one}-7", f"{two}-1", f"{three}-1"}
    store.publish([(found[f"{one}-7"], "a.log")])
    store.remove([found[f"{two}-1"], found[f"{three}-1"]])
    assert place.published() == {"a.log": b"old"}
    assert place.hidden() == []
    assert store.take_over(ANY, witness=True) == {}


def test_a_zombie_that_began_to_write_before_it_was_taken_over_stops(place: Place) -> None:
    zombie, _ = taken(place)
    begun = zombie.create()
    begun.write([b"begun"])
    taken(place)

    with pytest.raises(TakenOver, match="taken over by epoch"):
        begun.finish()
        zombie.secure()

    assert place.published() == {}


def test_a_sink_whose_folder_is_missing_can_not_tell_what_was_published(place: Place) -> None:
    store, _ = taken(place)
    hidden = hide(store, b"one")
    place.forget()

    with pytest.raises(Unknown, match="is missing, and with it the proof of what was published"):
        place.start().take_over(ANY, witness=True)
    with pytest.raises(Unknown, match="went missing while the agent ran"):
        store.publish([(hidden.name, "a.log")])


def test_a_hidden_file_that_somebody_removed_is_no_success(place: Place) -> None:
    store, _ = taken(place)
    hidden = hide(store, b"one")
    store.remove([hidden.name])

    with pytest.raises(TakenOver, match="removed while the agent ran"):
        store.publish([(hidden.name, "a.log")])


@pytest.mark.parametrize("name", ["a b=c", "50%25", "#LATEST", "x?y;z&w", "dépôt", "it's", "a+b"])
def test_names_are_taken_as_they_are(place: Place, name: str) -> None:
    store, _ = taken(place)

    store.publish([(hide(store, b"one").name, f"{name}/{name}.log")])

    assert place.published() == {f"{name}/{name}.log": b"one"}


def test_what_a_later_start_confirms_need_not_be_there_any_more(place: Place) -> None:
    first, _ = taken(place)
    first.publish([(hide(first, b"one").name, "a/b.log")])

    store, found = taken(place, witness=True)
    assert found == {}
    store.confirm(["a/b.log", "elsewhere/c.log"])
