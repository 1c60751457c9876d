"""An end that lost what it had synced never goes on silently; one that did not is not accused."""

import shutil
from typing import Any

import pytest
from flumec.runtime.links import sending
from flumec.runtime.links.__main__ import main
from flumec.runtime.links.addresses import noted
from flumec.runtime.links.peer import Peer

Site = Any


@pytest.fixture(autouse=True)
def look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ALARM_RETRY", 0.2)


def deliver(site: Site, tailer: Any, collector: Any, rows: range) -> None:
    """Run both ends until `rows` are stored at the one and settled at the other, then close."""
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    tailer.put(rows)
    site.eventually(lambda: tailer.held == 0)
    tailer.close()
    collector.close()


def copy(end: Any, name: str) -> None:
    shutil.copytree(end.state / "journal", end.state / name)


def bring_back(end: Any, name: str) -> None:
    shutil.rmtree(end.state / "journal")
    shutil.copytree(end.state / name, end.state / "journal")


@pytest.fixture
def ends(site: Site) -> Any:
    return site.end("tailer"), site.end("collector")


def test_a_receiver_restored_from_an_older_copy_raises_an_alarm_at_both_ends(
    site: Site, ends: Any
) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    copy(collector, "old")
    tailer.open()
    collector.open()
    deliver(site, tailer, collector, range(5, 12))
    bring_back(collector, "old")

    tailer.open()
    collector.open()
    tailer.put(range(12, 15))
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))

    site.eventually(lambda: tailer.counters.gauges.get("lost_after_ack") == 7)
    site.match("ALARM: .*lacks up to 7 rows .* restored from an older copy", tailer.failing[-1])
    assert collector.counters.gauges["lost_after_ack"] == 7
    assert tailer.held == 3
    assert collector.held == 5


@pytest.mark.slow
def test_the_link_goes_on_by_itself_when_the_right_journal_is_back(site: Site, ends: Any) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    copy(collector, "old")
    tailer.open()
    collector.open()
    deliver(site, tailer, collector, range(5, 12))
    copy(collector, "right")
    bring_back(collector, "old")
    tailer.open()
    collector.open()
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    site.eventually(lambda: any("ALARM" in reason for reason in tailer.failing))

    collector.close()
    bring_back(collector, "right")
    collector.open()
    collector.start(site.receiver())
    tailer.put(range(12, 15))

    assert collector.take(15) == list(range(15))
    assert tailer.failing[-1] == ""
    assert collector.counters.gauges["lost_after_ack"] == 0


@pytest.mark.slow
def test_a_person_can_say_that_the_rows_are_lost(
    site: Site, ends: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tailer, collector = ends
    tailer.sends()
    deliver(site, tailer, collector, range(5))
    copy(collector, "old")
    tailer.open()
    collector.open()
    deliver(site, tailer, collector, range(5, 12))
    bring_back(collector, "old")
    tailer.open()
    collector.open()
    tailer.put(range(12, 15))
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))
    site.eventually(lambda: any("ALARM" in reason for reason in tailer.failing))

    told = next(r for r in tailer.failing if "ALARM" in r)
    command = told.partition("flumec link ")[2].split()
    assert command == ["settle", "--lost", "core-1", "--state", str(tailer.state)]
    assert main(command) == 2
    said = capsys.readouterr().err
    site.match("^error: this is what would follow; --force does it:\n", said)
    site.match(
        "tailer.to_collector to core-1: up to 7 rows that it acknowledged are given up", said
    )
    site.match("3 rows go to whoever takes its place", said)
    assert collector.held == 5
    assert main([*command, "--force"]) == 0

    assert collector.take(8) == [0, 1, 2, 3, 4, 12, 13, 14]
    assert collector.counters.gauges["lost_after_ack"] == 0
    site.eventually(lambda: not list(tailer.state.glob("*.lost")))
    assert tailer.failing[-1] == ""


def test_a_reinstalled_receiver_raises_an_alarm_at_both_ends(
    site: Site, ends: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    shutil.rmtree(collector.state / "journal")
    tailer.open()
    collector.open()
    tailer.put(range(5, 8))
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))

    site.eventually(lambda: any("ALARM: another journal answers" in r for r in tailer.failing))
    site.eventually(lambda: collector.counters.gauges.get("lost_after_ack") == 1)
    site.eventually(lambda: "ALARM: another journal answers" in caplog.text)
    assert (tailer.held, collector.held) == (3, 0)


def moved(site: Site, tailer: Any, collector: Any, *, with_state: bool) -> Any:
    """Have the receiving agent be on another host, and its sender know so."""
    deliver(site, tailer, collector, range(5))
    other = site.end("other")
    if with_state:
        other.journal.close()
        shutil.rmtree(other.state / "journal")
        shutil.copytree(collector.state / "journal", other.state / "journal")
        other.open()
    other.start(site.receiver())
    tailer.open()
    tailer.put(range(5, 8))
    tailer.start(site.sender(other.port, peers=(Peer("core-9", "127.0.0.1", other.port),)))
    return other


def test_an_agent_that_moved_with_its_state_is_known(site: Site, ends: Any) -> None:
    tailer, collector = ends
    other = moved(site, tailer, collector, with_state=True)

    assert other.take(8) == list(range(8))
    site.eventually(lambda: noted(tailer.state, tailer.disk)["to_collector"].host == "core-9")
    assert not any(tailer.failing)


def test_an_agent_that_moved_without_its_state_is_told_what_to_do(
    site: Site, ends: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tailer, collector = ends
    tailer.sends()
    other = moved(site, tailer, collector, with_state=False)
    site.eventually(lambda: any("ALARM" in reason for reason in tailer.failing))
    said = tailer.failing[-1]
    site.match("acknowledged on core-1: if the agent moved to core-9, bring its state", said)
    command = said.partition("flumec link ")[2].split()
    assert command == ["settle", "--lost", "core-1", "--state", str(tailer.state)]
    tailer.stop()
    tailer.start(site.sender(other.port, peers=(Peer("core-9", "127.0.0.1", other.port),)))
    site.eventually(lambda: tailer.failing.count(said) > 1)

    assert main([*command, "--force"]) == 0
    site.match("3 rows go to whoever takes its place", capsys.readouterr().out)
    assert other.take(3) == [5, 6, 7]
    site.eventually(lambda: tailer.held == 0)
    assert tailer.failing[-1] == ""


def test_a_link_that_is_pointed_elsewhere_goes_on_there(site: Site, ends: Any) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    other = site.end("other")
    other.links = {"tailer.out => other.in": other.links[site.link]}
    other.start(site.receiver())
    tailer.open()
    tailer.put(range(5, 8))
    tailer.start(site.sender(other.port, link="tailer.out => other.in"))

    assert other.take(3) == [5, 6, 7]
    assert not any(tailer.failing)


def test_renaming_a_link_makes_the_receiver_forget_nothing(site: Site, ends: Any) -> None:
    tailer, collector = ends
    deliver(site, tailer, collector, range(5))
    tailer.open()
    collector.open()
    tailer.put(range(5, 8))
    copy_of_links = collector.links[site.link]
    collector.links = {"tailer.lines => collector.in": copy_of_links}
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port, link="tailer.lines => collector.in"))

    assert collector.take(8) == list(range(8))
    assert not any(tailer.failing)


@pytest.mark.slow
def test_a_sender_restored_from_an_older_copy_doubles_nothing_and_loses_nothing_new(
    site: Site, ends: Any
) -> None:
    tailer, collector = ends
    tailer.put(range(5))
    tailer.journal.close()
    copy(tailer, "old")
    tailer.open()
    deliver(site, tailer, collector, range(5, 8))
    tailer.open()
    collector.open()
    deliver(site, tailer, collector, range(8, 10))
    bring_back(tailer, "old")

    tailer.open()
    collector.open()
    tailer.put(range(100, 105))  # takes numbers that rows 5 to 10 had, under another epoch
    collector.start(site.receiver())
    tailer.start(site.sender(collector.port))

    got = collector.take(15)
    assert sorted(got) == [*range(10), *range(100, 105)]
    assert not any(tailer.failing)
