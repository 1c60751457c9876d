"""Requests, answers and halves of uploads that get lost, each at every place where they can."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import thorough
from flumec.runtime.output.store import TakenOver, Unavailable
from flumec.runtime.testing.claims import ANY
from servers.lossy import Fault, Lossy

from .conftest import HdfsPlace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

T = TypeVar("T")


@pytest.fixture
def lossy(hdfs: Any) -> Iterator[Lossy]:
    with Lossy(hdfs.address) as proxy:
        yield proxy


def until(step: Callable[[], T]) -> T:
    """Repeat a step as a sink does."""
    for _ in range(20):
        try:
            return step()
        except Unavailable as error:
            said = str(error)
    pytest.fail(f"it never came through: {said}")


def lives(place: HdfsPlace) -> None:
    """Publish a file, be killed with another one intended, and come back while the first lives."""
    zombie = place.start()
    until(lambda: zombie.take_over(ANY, witness=False))
    files = [zombie.create() for _ in range(3)]
    for number, file in enumerate(files):
        file.write([b"%d\n" % number * 50_000])
    for file in files:
        until(file.finish)
    until(zombie.secure)
    until(lambda: zombie.publish([(files[0].name, "a/0.log")]))
    epoch, name = os.urandom(16), files[1].name.rpartition("/")[2]

    def settle() -> None:
        successor = place.start(epoch)
        found = dict(successor.take_over(ANY, witness=True))
        if name in found:
            successor.publish([(found.pop(name), "b/1.log")])
        else:
            successor.confirm(["b/1.log"])
        successor.remove(found.values())

    until(settle)
    with pytest.raises(TakenOver, match=f"taken over by epoch {epoch.hex()[:8]}"):
        until(lambda: zombie.publish([(files[2].name, "c/2.log")]))


@pytest.mark.parametrize("fault", ["request", "answer", "body", "end"])
def test_whatever_is_lost_each_file_is_there_once_and_whole(
    fault: Fault, hdfs: Any, directory: str, tmp_path: Path, lossy: Lossy
) -> None:
    whole = {"a/0.log": b"0\n" * 50_000, "b/1.log": b"1\n" * 50_000}
    lives(HdfsPlace(hdfs, f"{directory}/none", tmp_path, lossy.address))
    verbs = lossy.seen
    tried = 0
    some = range(1 + thorough.phase(fault), len(verbs) + 1, thorough.step())
    for lost in some if fault in {"request", "answer"} else range(1, len(verbs) + 1):
        if fault in {"body", "end"} and not verbs[lost - 1].endswith("content"):
            continue
        below = f"{directory}/{lost}"
        lossy.lose(lambda n, _, lost=lost: fault if n == lost else None)

        lives(HdfsPlace(hdfs, below, tmp_path, lossy.address))

        what = f"the {fault} of number {lost}, {verbs[lost - 1]}"
        assert hdfs.published(below) == whole, what
        tried += 1
    print(f"lost the {fault} of {tried} requests: {sorted(set(verbs))}")
    assert tried == (3 if fault in {"body", "end"} else len(some))


@pytest.mark.parametrize(
    ("fault", "said"),
    [("body", "can't be reached, or broke off"), ("end", "1500000 of 3000000 bytes are there")],
)
def test_an_upload_that_is_cut_looks_whole_and_counts_for_nothing(
    fault: Fault, said: str, hdfs: Any, directory: str, tmp_path: Path, lossy: Lossy
) -> None:
    place = HdfsPlace(hdfs, directory, tmp_path, lossy.address)
    store = place.start()
    store.take_over(ANY, witness=False)
    hidden = store.create()
    hidden.write([b"x" * 3_000_000])
    lossy.lose(lambda n, verb: fault if verb == "PUT CREATE content" and n <= 2 else None)

    with pytest.raises(Unavailable, match=said):
        hidden.finish()
    torn = place.hidden()
    until(hidden.finish)
    store.secure()
    store.publish([(hidden.name, "a.log")])

    assert len(torn) == 1, "WebHDFS has closed the torn file"
    assert hdfs.published(directory) == {"a.log": b"x" * 3_000_000}
    assert place.hidden() == [], "what was torn is removed by the next file's `secure`"
