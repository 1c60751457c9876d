"""A sender costs a receiver three threads; where none can be had it is turned away."""

import threading
from typing import Any

import pytest

from tests.link.test_link_hostile import Rogue, hello


@pytest.mark.parametrize("which", ["link-in", "link-puts", "link-acks"])
def test_who_gets_no_thread_is_turned_away(
    site: Any, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, start = site.end("collector"), threading.Thread.start
    receiver.start(site.receiver())

    def exhausted(thread: threading.Thread) -> None:
        if thread.name == which:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", exhausted)
    rogue = Rogue(receiver.port)
    rogue.link.send(hello(site))
    assert rogue.ended()
    monkeypatch.undo()

    assert Rogue(receiver.port).welcome(hello(site)).credit > 0


def test_a_sender_has_three_threads(site: Any) -> None:
    receiver = site.end("collector")
    receiver.start(site.receiver())
    before = set(threading.enumerate())

    rogue = Rogue(receiver.port)
    assert rogue.welcome(hello(site)).credit > 0

    def names() -> list[str]:
        return sorted(thread.name for thread in set(threading.enumerate()) - before)

    site.eventually(lambda: len(names()) == 3)
    assert names() == ["link-acks", "link-in", "link-puts"]
