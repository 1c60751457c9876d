"""What a sink says while its HDFS can't, and that the same call then goes through.

docs/hdfs.md has a table of these: what happens, the message, what to do.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.output.store import Hidden, Store, Unavailable
from flumec.runtime.testing.claims import ANY
from servers.machine import free_ports

from .conftest import HdfsPlace, hide

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def place(hdfs: Any, directory: str, tmp_path: Path) -> Iterator[HdfsPlace]:
    yield HdfsPlace(hdfs, directory, tmp_path / "state", connect=2.0, read=10.0)
    hdfs.heal()


def begun(place: HdfsPlace, content: bytes = b"one\n") -> tuple[Store, Hidden]:
    """Return a store that is at work, and a file that is not finished."""
    store = place.start()
    store.take_over(ANY, witness=False)
    hidden = store.create()
    hidden.write([content])
    return store, hidden


def said(step: Callable[[], Any]) -> str:
    """Return what a step that can't be done says."""
    with pytest.raises(Unavailable) as error:
        step()
    return str(error.value)


def in_the_end(step: Callable[[], Any], seconds: float = 60) -> None:
    """Repeat a step until it is done, as a sink does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return step()
        except Unavailable:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def published(place: HdfsPlace, store: Store, hidden: Hidden) -> dict[str, bytes]:
    in_the_end(hidden.finish)
    in_the_end(store.secure)
    in_the_end(lambda: store.publish([(hidden.name, "a.log")]))
    return place.published()


def test_safe_mode(hdfs: Any, place: HdfsPlace) -> None:
    store, hidden = begun(place)
    ready = hide(store, b"ready")
    hdfs.safe_mode(on=True)
    expected = "the NameNode is in safe mode: it goes on by itself once that is left"

    assert expected in said(hidden.finish)
    assert expected in said(lambda: store.publish([(ready.name, "b.log")]))
    assert expected in said(lambda: place.start().take_over(ANY, witness=True))

    hdfs.safe_mode(on=False)
    store.publish([(ready.name, "b.log")])
    assert published(place, store, hidden) == {"a.log": b"one\n", "b.log": b"ready"}


def test_a_full_space_quota(hdfs: Any, place: HdfsPlace) -> None:
    store, hidden = begun(place)
    hdfs.quota(place.directory, size=1000)

    assert "the space quota is used up: raise it or make room" in said(hidden.finish)

    hdfs.quota(place.directory)
    assert published(place, store, hidden) == {"a.log": b"one\n"}
    assert place.hidden() == []


def test_a_full_quota_of_names(hdfs: Any, place: HdfsPlace) -> None:
    store, hidden = begun(place)
    ready = hide(store, b"ready")
    hdfs.quota(place.directory, names=5)
    expected = "the quota of names is used up: raise it or remove files"

    assert expected in said(hidden.finish)
    assert expected in said(lambda: store.publish([(ready.name, "deep/er/b.log")]))

    hdfs.quota(place.directory)
    store.publish([(ready.name, "deep/er/b.log")])
    assert published(place, store, hidden) == {"a.log": b"one\n", "deep/er/b.log": b"ready"}


def test_no_permission(hdfs: Any, place: HdfsPlace) -> None:
    store, hidden = begun(place)
    hdfs.client().set_owner(f"{place.directory}/.flumec", owner="root")
    hdfs.client().set_permission(f"{place.directory}/.flumec", "700")
    expected = "permission denied: let the agent's user write there"

    for step in (hidden.finish, store.secure, lambda: place.start().take_over(ANY, witness=True)):
        assert expected in said(step)

    hdfs.client().set_permission(f"{place.directory}/.flumec", "755")
    assert published(place, store, hidden) == {"a.log": b"one\n"}


def test_a_killed_namenode(hdfs: Any, place: HdfsPlace) -> None:
    store, hidden = begun(place)
    ready = hide(store, b"ready")
    hdfs.kill_namenode()
    expected = f"{hdfs.address.partition('//')[2]}: it can't be reached, or broke off"

    assert expected in said(hidden.finish)
    assert expected in said(lambda: store.publish([(ready.name, "b.log")]))
    assert expected in said(lambda: place.start().take_over(ANY, witness=True))

    hdfs.start_namenode()
    in_the_end(lambda: store.publish([(ready.name, "b.log")]))
    hdfs.heal()  # what is read back below needs the DataNode to have told of its blocks
    assert published(place, store, hidden) == {"a.log": b"one\n", "b.log": b"ready"}


def test_a_namenode_killed_after_the_rename(hdfs: Any, place: HdfsPlace) -> None:
    store, _ = begun(place)
    ready = hide(store, b"ready")
    store.publish([(ready.name, "b.log")])
    hdfs.kill_namenode()
    hdfs.heal()

    successor = place.start()
    assert successor.take_over(ANY, witness=True) == {}
    successor.confirm(["b.log"])
    assert place.published() == {"b.log": b"ready"}


def test_a_namenode_that_froze(hdfs: Any, place: HdfsPlace) -> None:
    store, hidden = begun(place)
    hdfs.namenode.freeze()

    assert "it took too long to answer" in said(hidden.finish)

    hdfs.namenode.thaw()
    assert published(place, store, hidden) == {"a.log": b"one\n"}


def test_a_killed_datanode(hdfs: Any, place: HdfsPlace) -> None:
    store, hidden = begun(place)
    hdfs.kill_datanode()
    told = {said(hidden.finish)}
    deadline = time.monotonic() + 60  # until the NameNode has noticed
    while not any("no DataNode takes the file" in text for text in told):
        assert time.monotonic() < deadline, told
        told.add(said(hidden.finish))
        time.sleep(0.5)

    assert any("it can't be reached, or broke off" in text for text in told)
    hdfs.start_datanode()
    assert published(place, store, hidden) == {"a.log": b"one\n"}


def test_a_datanode_killed_under_an_upload(hdfs: Any, place: HdfsPlace) -> None:
    content = os.urandom(1 << 20) * 200
    store, hidden = begun(place, content)
    killer = threading.Timer(0.15, hdfs.kill_datanode)
    killer.start()
    told = said(hidden.finish)
    killer.join()
    hdfs.heal()

    assert "upload to" in told
    assert published(place, store, hidden) == {"a.log": content}
    assert place.hidden() == []


def test_the_first_address_is_dead(hdfs: Any, directory: str, tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{free_ports(1)[0]}"
    place = HdfsPlace(hdfs, directory, tmp_path, dead, dead, hdfs.address)

    assert published(place, *begun(place)) == {"a.log": b"one\n"}


def test_no_address_is_alive(hdfs: Any, directory: str, tmp_path: Path) -> None:
    dead = [f"http://127.0.0.1:{port}" for port in free_ports(2)]
    place = HdfsPlace(hdfs, directory, tmp_path, *dead)

    assert "it can't be reached, or broke off" in said(
        lambda: place.start().take_over(ANY, witness=False)
    )


def test_an_address_is_not_that_of_a_namenode(hdfs: Any, directory: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            connection.recv(4096)
            page = b"<html>hello</html>"
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        place = HdfsPlace(hdfs, directory, tmp_path, f"http://127.0.0.1:{server.getsockname()[1]}")

        told = said(lambda: place.start().take_over(ANY, witness=False))

    assert "the answer is not that of WebHDFS" in told


def test_https_where_it_is_not_spoken(hdfs: Any, directory: str, tmp_path: Path) -> None:
    address = hdfs.address.replace("http:", "https:")
    place = HdfsPlace(hdfs, directory, tmp_path, address)

    assert "a TLS connection can't be made" in said(
        lambda: place.start().take_over(ANY, witness=False)
    )


def test_a_token_that_is_not_valid_is_not_shown(hdfs: Any, directory: str, tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{free_ports(1)[0]}"
    place = HdfsPlace(hdfs, directory, tmp_path, dead, token="c2VjcmV0")

    assert "c2VjcmV0" not in said(lambda: place.start().take_over(ANY, witness=False))
    assert "c2VjcmV0" not in repr(place.location)


def test_a_name_that_is_too_long(place: HdfsPlace) -> None:
    store, _ = begun(place)
    ready = hide(store, b"ready")

    told = said(lambda: store.publish([(ready.name, f"{'x' * 300}.log")]))

    assert "a part of the path is too long for this HDFS: shorten it" in told


def test_a_part_of_the_path_is_a_file(place: HdfsPlace) -> None:
    place.put("taken", b"a file")
    store, _ = begun(place)
    ready = hide(store, b"ready")

    told = said(lambda: store.publish([(ready.name, "taken/b.log")]))

    assert "a part of the path is a file: move it away" in told


def test_colons_are_escaped(place: HdfsPlace) -> None:
    store, _ = begun(place)
    store.publish([(hide(store, b"one").name, "web:8080/[::1].log")])

    assert place.published() == {"web%3A8080/[%3A%3A1].log": b"one"}


def test_what_is_staged_is_removed_by_the_next_start(place: HdfsPlace, tmp_path: Path) -> None:
    def staged() -> list[str]:
        return [path.name for path in (tmp_path / "stage").rglob("*") if path.is_file()]

    for expected in (["one"], ["not ours", "one"], ["not ours", "one"]):
        store = place.start(state=tmp_path)
        store.take_over(ANY, witness=False)
        store.create().write([b"one"])
        names = [name if name == "not ours" else "one" for name in staged()]
        assert sorted(names) == expected
        next((tmp_path / "stage").iterdir()).joinpath("not ours").write_text("kept")
    hide(store, b"two")
    store.create().discard()

    assert len(staged()) == 2
