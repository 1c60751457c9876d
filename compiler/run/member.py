"""One agent of a running fleet: its processes, one after the other, and what it says of itself."""

import json
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from flumec.compiler.run.child import Child, Orders
from flumec.runtime import notify
from flumec.runtime.frozen import frozen
from flumec.runtime.retry import Backoff

WATCHDOG = 60.0
"""Seconds within which an agent must say that all its workers are alive, as in its unit."""

STEADY = 10.0
"""Seconds of being ready after which the next death is a first one again."""

Phase = Literal["waiting", "starting", "ready", "stopping", "stopped"]
What = Literal["started", "ready", "died", "silent", "stopped"]


@frozen
class Happening:
    """Something in an agent's life that a user wants to see; `time` is in seconds since 1970."""

    agent: str
    what: What
    text: str
    time: float


@frozen
class Seen:
    """An agent at one moment."""

    name: str
    pid: int | None
    phase: Phase
    starts: int
    failures: int
    """Starts in a row whose process did not stay up: it was ready for less than STEADY, or never.
    """
    status: str
    """Its STATUS= line."""
    state: Mapping[str, Any] | None
    """Its newest X_FLUMEC_STATE, the last one once it has stopped; None until it said one."""
    ending: str
    """How its last process ended, such as `exit code 0` or `signal SIGKILL`; "" before."""

    @property
    def channels(self) -> Mapping[str, Mapping[str, Any]]:
        """Each channel's put, delivered, dropped, dead_lettered, held, held_bytes, size, lag."""
        return self.state["channels"] if self.state else {}

    @property
    def held(self) -> int:
        """Events in all its channels, as it last said."""
        return sum(channel["held"] for channel in self.channels.values())


class Member:
    """Keeps one agent running. All methods are called by the fleet's one thread."""

    def __init__(
        self,
        orders: Orders,
        notify_path: Path,
        selector: selectors.BaseSelector,
        on_line: Callable[[str, str], None],
        on_happening: Callable[[Happening], None],
    ) -> None:
        self.orders = orders
        self._selector = selector
        self._on_line = on_line
        self._on_happening = on_happening
        self._phase: Phase = "waiting"
        self._due = 0.0
        self._child: Child | None = None
        self._backoff = Backoff(0.2, 10.0, chance=lambda: 0.0)
        self._starts = self._failures = 0
        self._status = self._ending = ""
        self._state: Mapping[str, Any] | None = None
        self._ready_at = self._fed_at = 0.0
        self._notify_path = notify_path
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._notify.bind(str(notify_path))
        selector.register(self._notify, selectors.EVENT_READ, self._hear)

    @property
    def seen(self) -> Seen:
        """The agent as it is now."""
        pid = self._child.pid if self._child else None
        return Seen(
            self.orders.name, pid, self._phase,
            self._starts, self._failures, self._status, self._state, self._ending,
        )  # fmt: skip

    @property
    def stopped(self) -> bool:
        """Whether it has ended for good."""
        return self._phase == "stopped"

    def look(self, now: float) -> None:
        """Start it if that is due; end it if it no longer says that it is alive."""
        if self._phase == "waiting" and now >= self._due:
            self._start()
        elif self._phase == "ready" and now - self._fed_at > WATCHDOG:
            self._say("silent", f"no sign of life for {WATCHDOG:.0f}s, so it is ended")
            self._fed_at = now
            self.signal(signal.SIGABRT)

    def excuse(self, seconds: float) -> None:
        """Leave out a time in which nobody listened to the process."""
        self._fed_at += seconds

    def signal(self, number: signal.Signals) -> int | None:
        """Send a signal to the process; return its id, None where there is none."""
        if self._child is None:
            return None
        self._child.signal(number)
        return self._child.pid

    def stop(self) -> None:
        """Ask for an orderly end, after which there is no successor."""
        if self._child is None:
            self._phase, self._ending = "stopped", ""
        elif self._phase != "stopping":
            self._phase = "stopping"
            self._child.signal(signal.SIGTERM)

    def close(self) -> None:
        """Give its sockets back; the process must have ended."""
        self._selector.unregister(self._notify)
        self._notify.close()
        for each in self.orders.sockets.values():
            each.close()

    def _start(self) -> None:
        told = {"NOTIFY_SOCKET": str(self._notify_path), "WATCHDOG_USEC": f"{WATCHDOG * 1e6:.0f}"}
        self._child = Child(self.orders, told)
        self._selector.register(self._child.output, selectors.EVENT_READ, self._read)
        self._selector.register(self._child.end, selectors.EVENT_READ, self._bury)
        self._phase = "starting"
        self._starts += 1
        self._say("started", f"process {self._child.pid}")

    def _hear(self) -> None:
        """Take in all that the process has sent to its notification socket."""
        while True:
            try:
                message = notify.parse(self._notify.recv(1 << 20))
            except BlockingIOError:
                return
            now = time.monotonic()
            if "READY" in message and self._phase == "starting":
                self._phase = "ready"
                self._ready_at = self._fed_at = now
                self._say("ready", f"process {self.seen.pid}")
            if "WATCHDOG" in message:
                self._fed_at = now
            self._status = message.get("STATUS", self._status)
            if notify.STATE in message:
                state = json.loads(message[notify.STATE])
                if state["pid"] == self.seen.pid:  # not the last words of the one before
                    self._state = state

    def _read(self) -> None:
        """Hand on the lines that the process wrote."""
        assert self._child is not None
        lines, more = self._child.lines()
        if not more:
            self._selector.unregister(self._child.output)
        for line in lines:
            self._on_line(self.orders.name, line)

    def _bury(self) -> None:
        """Note how the process ended, and when there will be a next one."""
        child = self._child
        assert child is not None
        self._hear()
        self._selector.unregister(child.end)
        if child.output in self._selector.get_map():
            self._selector.unregister(child.output)
        lines, how = child.close()
        self._ending = how
        for line in lines:
            self._on_line(self.orders.name, line)
        self._child = None
        if self._phase == "stopping":  # its last state stays, as there is no newer one to come
            self._phase = "stopped"
            self._say("stopped", how)
            return
        self._state = None
        now = time.monotonic()
        self._failures += 1
        if self._phase == "ready" and now - self._ready_at >= STEADY:
            self._failures = 0
            self._backoff.reset()
        delay = self._backoff.delay()
        self._phase, self._due = "waiting", now + delay
        self._say("died", f"{how}; it is started again in {delay:.1f}s")

    def _say(self, what: What, text: str) -> None:
        self._on_happening(Happening(self.orders.name, what, text, time.time()))
