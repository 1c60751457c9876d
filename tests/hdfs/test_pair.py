"""Two NameNodes: whichever is active is found, and a change in between loses nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.output.store import Unavailable
from flumec.runtime.testing.claims import ANY
from servers.pair import Pair
from servers.serving import serving

from .conftest import HdfsPlace, hide

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("pair")]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(lambda: Pair(tmp_path_factory.mktemp("pair") / "site")) as server:
        yield server


@pytest.fixture
def place(pair: Pair, tmp_path: Path, request: pytest.FixtureRequest) -> HdfsPlace:
    pair.activate("nn1")
    directory = pair.make(f"/lake/{request.node.name}", owner="flume")
    return HdfsPlace(pair, directory, tmp_path)


def test_the_standby_is_asked_first(pair: Any, place: HdfsPlace, tmp_path: Path) -> None:
    turned = HdfsPlace(pair, place.directory, tmp_path, *reversed(pair.addresses))
    store = turned.start()
    store.take_over(ANY, witness=False)
    store.publish([(hide(store, b"one").name, "a.log")])

    assert place.published() == {"a.log": b"one"}


def test_the_other_becomes_active_between_two_steps(pair: Any, place: HdfsPlace) -> None:
    store = place.start()
    store.take_over(ANY, witness=False)
    hidden = hide(store, b"one")
    pair.activate("nn2")
    store.publish([(hidden.name, "a.log")])
    store.publish([(hide(store, b"two").name, "b.log")])

    assert place.start().take_over(ANY, witness=True) == {}
    assert place.published() == {"a.log": b"one", "b.log": b"two"}


def test_none_is_active(pair: Any, place: HdfsPlace) -> None:
    store = place.start()
    store.take_over(ANY, witness=False)
    hidden = hide(store, b"one")
    pair.no_active()

    with pytest.raises(Unavailable, match="no NameNode is active: name all NameNodes"):
        store.publish([(hidden.name, "a.log")])

    pair.activate("nn2")
    store.publish([(hidden.name, "a.log")])
    assert place.published() == {"a.log": b"one"}
