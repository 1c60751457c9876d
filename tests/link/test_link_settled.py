"""`flumec link`: what a peer that is gone may have goes to the others when a person says so."""

from concurrent.futures import Future
from typing import Any

import pytest
from flumec.runtime.groups.recalled import Recalled
from flumec.runtime.groups.returning import give_back
from flumec.runtime.journal import ConsumerSpec
from flumec.runtime.links import memory as memories
from flumec.runtime.links.__main__ import main

Site = Any


def test_what_waits_for_a_lost_peer_is_given_back_when_somebody_says_so(
    site: Site, capsys: pytest.CaptureFixture[Any]
) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    tailer.named = ConsumerSpec(
        "to_collector", "spool", "sender arrow core-1", sends=True, group="failover"
    )
    tailer.restart()
    collector.journal.submit = lambda _put, **_: Future()  # what comes is neither here nor refused
    collector.start(site.receiver())
    proxy = site.proxy(collector.port, [])
    tailer.put(range(7))
    tailer.start(site.sender(proxy.port))
    site.eventually(lambda: tailer.counters.counts["events_sent"] == 7)
    proxy.close()
    site.eventually(lambda: any("no link to core-1" in why for why in tailer.failing))
    assert give_back(tailer.consumer, resend=False, shown=tailer.consumer.shown).waiting == 7

    settle = ["settle", "--lost", "core-1", "--state", str(tailer.state)]
    assert main(settle) == 2
    assert "7 rows go to the other hosts, also what it may have" in capsys.readouterr().err
    assert tailer.died is None
    assert main([*settle, "--force"]) == 0
    site.eventually(lambda: isinstance(tailer.died, Recalled))
    tailer.died = None

    found = give_back(tailer.consumer, resend=False, shown=tailer.consumer.shown)
    assert (found.given, found.waiting) == (7, 0)
    assert memories.unpack(tailer.consumer.cursor.note).receiver == memories.NOBODY
    assert not list(tailer.state.glob("*.lost"))


def test_a_host_that_nothing_sends_to_is_named_with_those_that_are(
    site: Site, capsys: pytest.CaptureFixture[Any]
) -> None:
    tailer, collector = site.end("tailer"), site.end("collector")
    tailer.sends()
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    tailer.put(range(3))
    assert collector.take(3) == [0, 1, 2]
    site.eventually(lambda: tailer.held == 0)
    tailer.close()

    assert main(["settle", "--lost", "core-9", "--state", str(tailer.state)]) == 2
    assert capsys.readouterr().err == (
        "error: nothing here sends to `core-9`; links lead to: core-1\n"
    )
    assert main(["ls", "--state", str(tailer.state)]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["AGENT", "SENDER", "TO", "JOURNAL", "ACKNOWLEDGED"]
    journal = collector.journal.uuid.hex()
    assert line.split() == [
        "tailer", "to_collector", "core-1", journal, "3", "?", "0", "not", "running"
    ]  # fmt: skip
    assert main(["ls", "--state", str(tailer.state / "nowhere")]) == 2
    assert "there is no journal in" in capsys.readouterr().err
