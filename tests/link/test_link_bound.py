"""A sender's journal is bound to the host whose certificate it first came with."""

import shutil
from datetime import timedelta
from typing import Any

import pytest
from flumec.runtime.component import Secret
from flumec.runtime.journal import Journal

from .test_link_tls import SENDER, Hosts, hosts

__all__ = ["hosts"]

Site = Any
OTHER = "tailer-2.example.com"


def start(site: Site, tailer: Any, collector: Any) -> None:
    if collector._thread is None:
        collector.start(site.receiver(**Hosts.settings("core")))
    tailer.start(site.sender(collector.port, **Hosts.settings("tailer")))


def deliver(site: Site, tailer: Any, collector: Any, rows: range) -> None:
    start(site, tailer, collector)
    tailer.put(rows)
    site.eventually(lambda: tailer.held == 0)
    tailer.close()


def clone(site: Site, tailer: Any, hosts: Hosts) -> Any:
    """Copy a stopped sender's state to another host, which has a certificate of its own name."""
    other = site.end("other")
    other.close()
    shutil.rmtree(other.state / "journal")
    shutil.copytree(tailer.state / "journal", other.state / "journal")
    other.host = OTHER
    hosts.give("tailer", hosts.authority.issue([OTHER]))
    other.open()
    return other


@pytest.fixture
def ends(site: Site) -> tuple[Any, Any]:
    return site.end("tailer"), site.end("collector")


def test_a_clone_is_refused_though_the_first_is_down(site: Site, ends: Any, hosts: Hosts) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    other = clone(site, tailer, hosts)

    other.put(range(100, 103))
    start(site, other, collector)

    site.eventually(lambda: other.failing)
    site.match(
        f"belongs to {SENDER}, whose certificate it came with, and now comes from {OTHER}: was "
        f"this machine cloned.*Give agent `other` on {OTHER} a state directory of its own.*echo "
        f"[0-9a-f]{{32}} > .*from_tailer.accept",
        other.failing[0],
    )
    assert other.held == 3
    assert collector.take(5) == list(range(5))


def test_the_first_goes_on_where_a_clone_was_refused(site: Site, ends: Any, hosts: Hosts) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    other = clone(site, tailer, hosts)
    start(site, other, collector)
    site.eventually(lambda: other.failing)
    other.close()

    hosts.give("tailer", hosts.authority.issue([SENDER]))
    tailer.open()
    deliver(site, tailer, collector, range(5, 9))
    assert collector.take(9) == list(range(9))


def test_it_is_remembered_through_restarts_and_segments(
    site: Site, ends: Any, hosts: Hosts
) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    collector.stop()
    for _ in range(3):
        collector.restart()
        fill(collector.journal, 3 << 20)
    other = clone(site, tailer, hosts)

    start(site, other, collector)

    site.eventually(lambda: other.failing)
    site.match(f"belongs to {SENDER}", other.failing[0])


def test_a_new_key_for_the_same_name_goes_on(site: Site, ends: Any, hosts: Hosts) -> None:
    tailer, collector = ends
    for round_ in range(3):
        if round_:
            tailer.open()
            hosts.give("tailer", hosts.authority.issue([SENDER], timedelta(days=40)))
        deliver(site, tailer, collector, range(round_ * 5, round_ * 5 + 5))

    assert collector.take(15) == list(range(15))


def test_a_host_that_was_renamed_goes_on_when_a_person_says_so(
    site: Site, ends: Any, hosts: Hosts
) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    other = clone(site, tailer, hosts)
    other.put(range(5, 8))
    start(site, other, collector)
    site.eventually(lambda: other.failing)
    other.close()

    word = collector.state / "from_tailer.accept"
    word.write_text(other.journal.uuid.hex() + "\n")
    other.open()
    start(site, other, collector)
    site.eventually(lambda: other.held == 0)

    assert collector.take(8) == list(range(8))
    assert not word.exists()
    other.close()
    hosts.give("tailer", hosts.authority.issue([SENDER]))
    tailer.open()
    start(site, tailer, collector)
    site.eventually(lambda: f"belongs to {OTHER}" in tailer.failing[-1])


def test_a_clone_that_comes_while_the_first_is_connected_does_not_push_it_aside(
    site: Site, ends: Any, hosts: Hosts
) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    other = clone(site, tailer, hosts)
    own = {"certificate": Secret("first-cert"), "key": Secret("first-key")}
    hosts.give("first", hosts.authority.issue([SENDER]))
    tailer.open()
    tailer.start(site.sender(collector.port, **{**Hosts.settings("tailer"), **own}))
    tailer.put(range(5, 9))
    site.eventually(lambda: tailer.held == 0)
    before = tailer.counters.counts["connections_closed"]

    start(site, other, collector)

    site.eventually(lambda: other.failing)
    tailer.put(range(9, 12))
    site.eventually(lambda: tailer.held == 0)
    assert tailer.counters.counts["connections_closed"] == before
    assert collector.take(12) == list(range(12))


def test_a_reinstalled_sender_is_another_journal_of_the_same_host(
    site: Site, ends: Any, hosts: Hosts
) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    shutil.rmtree(tailer.state / "journal")
    tailer.open()

    deliver(site, tailer, collector, range(5, 9))

    assert collector.take(9) == list(range(9))


def fill(journal: Journal, size: int) -> None:
    """Write so much that a new segment is begun, whose snapshot is all that is known then."""
    from flumec.runtime.journal.records import Frame, Put

    from .conftest import batch

    frame = Frame(("spool",), 1, batch([bytes(size)]))
    journal.submit(Put(frames=(frame,)), wait=True).result(20)
