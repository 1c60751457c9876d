"""Certificates that end and are renewed: said ahead, taken up, and no event is lost or doubled."""

import re
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flumec.runtime.tls import proof

from .test_link_tls import RECEIVER, SENDER, Hosts, hosts, linked

__all__ = ["hosts"]

Site = Any
CORE = [RECEIVER, "collector-1.example.com"]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "LOOK", 0.02)


def said(end: Any, pattern: str) -> list[str]:
    return [text for text in end.said if re.search(pattern, text)]


@pytest.mark.parametrize(
    ("life", "age", "warns"),
    [(DAY * 365, DAY * 300, False), (DAY * 365, DAY * 340, True), (DAY, DAY * 0, False),
     (DAY, DAY * 0.8, True)],
    ids=["a year, in time", "a year, due", "a day, in time", "a day, due"],
)  # fmt: skip
def test_a_certificate_that_is_due_is_said_once(
    life: timedelta, age: timedelta, warns: bool, site: Site, hosts: Hosts
) -> None:
    hosts.give("tailer", hosts.authority.issue([SENDER], life, datetime.now(UTC) - age))
    tailer, _collector = linked(site)

    tailer.put(range(3))
    site.eventually(lambda: tailer.held == 0)
    time.sleep(0.4)  # some more looks

    assert len(said(tailer, "tailer-cert: a certificate of .*: it is due, renew it")) == warns
    ends = tailer.counters.gauges["certificate_expires_seconds"]
    assert abs(ends - (datetime.now(UTC) - age + life).timestamp()) < 60


def test_one_that_ends_while_the_link_stands_keeps_it_and_is_said(
    site: Site, hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = timedelta(seconds=2)
    hosts.give("tailer", hosts.authority.issue([SENDER], soon))
    tailer, collector = linked(site)
    tailer.put(range(3))
    site.eventually(lambda: tailer.held == 0)

    tailer.said.clear()
    monkeypatch.setattr(proof, "AGAIN", timedelta(0))
    site.eventually(lambda: said(tailer, "and here it is .*: nobody accepts it"))
    tailer.put(range(3, 6))
    site.eventually(lambda: tailer.held == 0)
    assert collector.take(6) == list(range(6))


def test_renewed_files_are_taken_without_a_restart(site: Site, hosts: Hosts) -> None:
    hosts.give("core", hosts.authority.issue(CORE, DAY / 2, datetime.now(UTC) - DAY))
    tailer, collector = linked(site)
    tailer.put(range(3))
    site.eventually(lambda: tailer.failing)

    hosts.give("core", hosts.authority.issue(CORE))

    assert collector.take(3) == list(range(3))


def test_files_that_do_not_go_together_are_not_taken(site: Site, hosts: Hosts) -> None:
    tailer, collector = linked(site)
    tailer.put(range(3))
    site.eventually(lambda: tailer.held == 0)

    hosts.write("core-key", hosts.authority.issue(CORE).key)

    site.eventually(lambda: said(collector, "not taken: .*core-key is not that of the certificate"))
    time.sleep(0.3)
    assert len(said(collector, "not taken")) == 1
    tailer.stop()
    tailer.start(site.sender(collector.port, **Hosts.settings("tailer")))
    tailer.put(range(3, 6))
    assert collector.take(6) == list(range(6))


@pytest.mark.slow
@pytest.mark.parametrize("restarts", [False, True], ids=["files change", "restarts"])
def test_under_load_a_renewal_loses_and_doubles_nothing(
    restarts: bool, site: Site, hosts: Hosts
) -> None:
    tailer, collector = linked(site)
    done = threading.Event()
    sent = 0

    def renew() -> None:
        while not done.wait(0.4):
            hosts.give("tailer", hosts.authority.issue([SENDER]))
            hosts.give("core", hosts.authority.issue(CORE))
            if restarts:
                tailer.stop()
                tailer.start(site.sender(collector.port, **Hosts.settings("tailer")))

    renewing = threading.Thread(target=renew)
    renewing.start()
    until = time.monotonic() + 6
    while time.monotonic() < until:
        tailer.put(range(sent, sent + 50))
        sent += 50
        time.sleep(0.01)
    done.set()
    renewing.join()

    assert collector.take(sent) == list(range(sent))
    site.eventually(lambda: tailer.held == 0)
    assert not said(collector, "not let in|refused")


@pytest.mark.slow
def test_cut_at_many_bytes_of_the_encrypted_stream_nothing_is_lost_or_doubled(
    site: Site, hosts: Hosts
) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    collector.start(site.receiver(**Hosts.settings("core")))
    limits = [*range(0, 3_000, 170), *range(3_000, 30_000, 2_300)]
    between = site.proxy(collector.port, list(limits))
    tailer.start(site.sender(between.port, **Hosts.settings("tailer")))
    sent = 0
    while between.cuts < len(limits) - 1:
        tailer.put(range(sent, sent + 40))
        sent += 40
        time.sleep(0.02)

    assert collector.take(sent) == list(range(sent))
    site.eventually(lambda: tailer.held == 0)
