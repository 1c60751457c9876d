"""A remote place that can't be worked in for a while: what is staged waits as it is."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import pytest
from flumec.runtime.disk import Bytes, RealDisk
from flumec.runtime.formats.text import Text
from flumec.runtime.output.delivery import Delivery
from flumec.runtime.output.holding import Claim
from flumec.runtime.output.local import LocalHidden, LocalStore
from flumec.runtime.output.opened import Limits
from flumec.runtime.output.publisher import Place
from flumec.runtime.output.store import Unavailable
from flumec.runtime.output.template import PathRule

from .conftest import Channel, Published, Start


class Remote:
    """A local store that is now and then out of reach, where a remote one would be."""

    def __init__(self, store: LocalStore, down: Callable[[str], bool]) -> None:
        self._store = store
        self._down = down
        self.created = 0

    def check(self, verb: str) -> None:
        if self._down(verb):
            raise Unavailable("the NameNode is in safe mode: wait until it leaves it")

    def take_over(self, claim: Claim, *, witness: bool) -> Mapping[str, str]:
        return self._store.take_over(claim, witness=witness)

    def mark(self, intents: int) -> None:
        self._store.mark(intents)

    def create(self) -> "Staged":
        self.created += 1
        return Staged(self._store.create(), self)

    def secure(self) -> None:
        self.check("secure")
        self._store.secure()

    def publish(self, files: Sequence[tuple[str, str]]) -> None:
        self.check("publish")
        self._store.publish(files)

    def confirm(self, finals: Sequence[str]) -> None:
        self._store.confirm(finals)

    def remove(self, hidden: Collection[str]) -> None:
        self._store.remove(hidden)


class Staged:
    """A file that can be finished again."""

    def __init__(self, hidden: LocalHidden, remote: Remote) -> None:
        self.name = hidden.name
        self._hidden = hidden
        self._remote = remote

    def write(self, buffers: Sequence[Bytes]) -> None:
        self._hidden.write(buffers)

    def finish(self) -> None:
        self._remote.check("finish")
        self._hidden.finish()

    def discard(self) -> None:
        self._hidden.discard()


@pytest.mark.parametrize("verb", ["finish", "secure", "publish"])
def test_what_is_staged_waits_for_its_place(
    verb: str, tmp_path: Path, channel: Channel, place: Start, published: Published
) -> None:
    channel.bodies(b"one", b"two")
    left = {verb: 5}

    def down(asked: str) -> bool:
        left[asked] = left.get(asked, 0) - 1
        return left[asked] >= 0

    stores: list[Remote] = []

    def open_store(directory: str, sink: str) -> Remote:
        context_disk = RealDisk()
        epoch = sink_place.consumer.epoch
        store = LocalStore(Path(directory), sink, epoch, context_disk, host="core-1")
        stores.append(Remote(store, down))
        return stores[-1]

    sink_place = place(RealDisk())
    limits = Limits(1 << 20, 60.0, 2, None, 10)
    where = Place(str(tmp_path / "out"), PathRule(""), "", ".log", open_store)

    text = Text("none", newline=True)
    Delivery("files", where, limits, sink_place, format_=text, workers=1).run()

    assert list(published().values()) == [b"one\ntwo\n"]
    assert stores[0].created == 1
    assert sink_place.counters.counts["write_failures"] == 5
    assert sink_place.counters.counts["retries"] == 5
    assert sink_place.failures[0].startswith("the NameNode is in safe mode")
    assert sink_place.failures[-1] == ""
    assert channel.cursor.low == 2
