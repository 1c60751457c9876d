"""Finding the other end: whatever a name server or an address does, it is said and got over."""

import socket
import threading
import time
from typing import Any

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.links import Peer
from flumec.runtime.links.dial import dial, explain
from flumec.runtime.links.faults import Disconnected
from flumec.runtime.links.lookup import Lookup

Site = Any
CLOCK = SystemClock()


def never() -> bool:
    return False


def answer_with(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let every name have the loopback's address, once for each port."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


class Silent:
    """A resolver that does not answer until it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.told = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", self._ask)

    def _ask(self, *_: Any, **__: Any) -> list[Any]:
        self.asked += 1
        self.told.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))]


def test_an_address_that_drops_everything_does_not_hide_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = site.deaf()
    answer_with(monkeypatch, site.crowded(), good)

    raw = dial(Lookup("core-1", 1, CLOCK), 0.4, CLOCK, never)

    assert raw.getpeername()[1] == good
    raw.close()


def test_a_name_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = Silent(monkeypatch)
    lookup = Lookup("core-1", 1, CLOCK)
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(OSError, match="the name server does not answer") as caught:
            dial(lookup, 0.02, CLOCK, never)
        assert time.monotonic() - began < 5
        assert explain(caught.value).endswith("is the name server of /etc/resolv.conf up?")
    assert silent.asked == 1

    silent.told.set()
    assert lookup.targets(time.monotonic() + 9, never) == [(socket.AF_INET, ("127.0.0.1", 1))]


def test_a_sender_that_waits_for_a_name_stops_when_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = Silent(monkeypatch)
    with pytest.raises(Disconnected):
        dial(Lookup("core-1", 1, CLOCK), 60, CLOCK, lambda: True)
    silent.told.set()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("a..b", "not a name that can exist: is the host's address right"),
        ("x" * 70 + ".example.com", "not a name that can exist: is the host's address right"),
        ("127.0.0.1", "Connection refused: is the receiving agent up?"),
    ],
)
def test_an_end_that_cannot_be_reached_is_told_with_a_remedy(
    site: Site, address: str, said: str
) -> None:
    tailer = site.end("tailer")
    port = site.free_port()
    tailer.start(site.sender(port, peers=(Peer("core-1", address, port),)))

    site.eventually(lambda: tailer.failing)
    site.match(rf"no link to core-1 \({address}:{port}\), trying again: {said}", tailer.failing[0])
    assert tailer.died is None
