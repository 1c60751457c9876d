"""A whole fleet on this machine: every agent's process, kept running, watched and drained."""

import os
import selectors
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Self, TypeVar

from flumec.compiler.paths import folder, script_path
from flumec.compiler.plan import Agent, Plan
from flumec.compiler.run.child import Orders
from flumec.compiler.run.errors import RunError
from flumec.compiler.run.listening import open_sockets
from flumec.compiler.run.member import Happening, Member, Seen
from flumec.compiler.run.quiet import Quiet
from flumec.compiler.run.secrets import lay_out, read_secrets
from flumec.compiler.run.stages import stages
from flumec.compiler.run.vouching import Vouching

PATIENCE = 30.0
"""Seconds that each stage of the fleet has to drain before it is killed."""

LOOK_EVERY = 0.1
"""Seconds between two looks at what is due when nothing happens."""

AWAY = 1.0
"""Seconds between two looks from which on they count as none: this process had been stopped, by
Ctrl-Z or by a terminal that takes no more, and could not hear what agents said.
"""

T = TypeVar("T")


def member_name(agent: Agent) -> str:
    """Return what an agent is called here: `tailer@web-1.example.com`."""
    return f"{agent.name}@{agent.host}"


class Fleet:
    """The agents of a plan, run from the scripts of the bundle that was built from it.

    One thread starts, watches and restarts the processes; it calls `on_line(agent, line)` with what
    they log and `on_happening` with what happens to them. Methods may be called from any thread.

        with Fleet(bundle, plan, state) as fleet:
            fleet.wait_idle()
    """

    def __init__(
        self,
        bundle: Path,
        plan: Plan,
        state: Path,
        *,
        secrets: Path | None = None,
        on_line: Callable[[str, str], None] = lambda _agent, _line: None,
        on_happening: Callable[[Happening], None] = lambda _happening: None,
    ) -> None:
        self.plan = plan
        self.names = tuple(member_name(a) for host in plan.hosts for a in host.agents)
        self._bundle = bundle.absolute()
        self._state = state.absolute()
        self._secrets = secrets
        self._vouching = Vouching()
        self._on_line = on_line
        self._on_happening = on_happening
        self._members: dict[str, Member] = {}
        self._seen: dict[str, Seen] = {}
        self._changed = threading.Condition()
        self._errands: list[Callable[[], None]] = []
        self._stopping: list[set[str]] | None = None
        self._stage_over = 0.0
        self._looked = 0.0
        self._error: BaseException | None = None
        self._closed = False
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._folder = Path(tempfile.mkdtemp(prefix="flumec-"))
        self._thread = threading.Thread(target=self._live, name="fleet", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Open all sockets, lay out all secrets, and start every agent; raise RunError."""
        try:
            secrets = read_secrets(self._secrets) if self._secrets else {}
            for host in self.plan.hosts:
                for agent in host.agents:
                    self._prepare(agent, secrets)
            if any(agent.proofs for host in self.plan.hosts for agent in host.agents):
                self._vouching.equip_client(self._state)
        except BaseException:
            self._close()
            raise
        self._selector.register(self._woken, selectors.EVENT_READ, self._run_errands)
        self._publish()
        self._thread.start()

    @property
    def agents(self) -> Mapping[str, Seen]:
        """Every agent as it was last seen, by its name `agent@host`, in the plan's order."""
        with self._changed:
            return dict(self._seen)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int | None:
        """Send an agent's process a signal; return its id, None while there is no process."""
        return self._ask(lambda: self._members[name].signal(number))

    def wait(self, holds: Callable[[Mapping[str, Seen]], bool], timeout: float | None) -> bool:
        """Wait until `holds` is true of the agents as seen; False when `timeout` came first."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                if self._error is not None:
                    raise self._error
                if holds(dict(self._seen)):
                    return True
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(0.5 if left is None else min(left, 0.5))

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait until every agent is ready at once."""
        return self.wait(lambda all_: all(s.phase == "ready" for s in all_.values()), timeout)

    def wait_idle(self, timeout: float | None = None, settle: float = 1.0) -> bool:
        """Wait until every source has nothing new and every channel is empty, for `settle` seconds.

        Only channels that somebody reads count: a dead-letter channel without a reader may hold.
        """
        quiet = self.quiet(settle)
        return self.wait(lambda all_: quiet.look(list(all_.values())), timeout)

    def quiet(self, settle: float = 1.0) -> Quiet:
        """Return a judge of whether the fleet is idle, to be asked again and again."""
        drained = {
            member_name(agent): frozenset(each.channel for each in agent.deliveries)
            for host in self.plan.hosts
            for agent in host.agents
        }
        return Quiet(drained, settle)

    def stop(self, *, at_once: bool = False) -> None:
        """Drain and end every agent, senders before receivers; `at_once` kills them instead."""
        self.request_stop(at_once=at_once)
        if self._thread.ident is not None:
            self._thread.join()
        elif not self._closed:
            self._close()

    def request_stop(self, *, at_once: bool = False) -> None:
        """Begin to stop and return; `wait` until every phase is "stopped", then `stop`."""
        if self._thread.ident is not None:
            self._ask(self._kill_all if at_once else self._begin_stop)

    def _prepare(self, agent: Agent, secrets: dict[str, str]) -> None:
        name = member_name(agent)
        state = self._state / folder(agent.host) / agent.name
        state.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "STATE_DIRECTORY": str(state)}
        if agent.credentials:
            shown = self._folder / "credentials" / name
            lay_out(agent, {**self._vouching.of(agent), **secrets}, self._secrets, shown)
            environment["CREDENTIALS_DIRECTORY"] = str(shown)
        script = self._bundle / script_path(agent.host, agent.name)
        if not script.is_file():
            raise RunError(f"the bundle has no {script}; build it anew")
        orders = Orders(name, script, environment, open_sockets(agent))
        self._members[name] = Member(
            orders,
            self._folder / f"{len(self._members)}.notify",
            self._selector,
            self._on_line,
            self._on_happening,
        )

    def _live(self) -> None:
        """Be the parent of all processes, until all have ended for good."""
        self._looked = time.monotonic()
        try:
            while not (self._stopping is not None and all(m.stopped for m in self._all())):
                for key, _ in self._selector.select(LOOK_EVERY):
                    if key.fd in self._selector.get_map():  # not unregistered just now
                        key.data()
                self._look(time.monotonic())
                self._publish()
        except BaseException as error:
            self._error = error
            for member in self._all():
                member.signal(signal.SIGKILL)
        finally:
            self._publish()
            self._close()

    def _look(self, now: float) -> None:
        away, self._looked = now - self._looked, now
        if away > AWAY:
            self._stage_over += away
            for member in self._all():
                member.excuse(away)
        if self._stopping is None:
            for member in self._all():
                member.look(now)
            return
        while self._stopping and all(self._members[n].stopped for n in self._stopping[0]):
            self._stopping.pop(0)
            self._stage_over = now + PATIENCE
            self._stop_stage()
        if self._stopping and now > self._stage_over:
            for name in self._stopping[0]:
                self._members[name].signal(signal.SIGKILL)

    def _begin_stop(self) -> None:
        if self._stopping is None:
            by_agent = [
                {n for n in self.names if n.partition("@")[0] in stage}
                for stage in stages(self.plan)
            ]
            self._stopping = by_agent
            self._stage_over = time.monotonic() + PATIENCE
            self._stop_stage()

    def _stop_stage(self) -> None:
        for name in self._stopping[0] if self._stopping else ():
            self._members[name].stop()

    def _kill_all(self) -> None:
        self._stopping = []
        for member in self._all():
            member.stop()
            member.signal(signal.SIGKILL)

    def _all(self) -> list[Member]:
        return list(self._members.values())

    def _publish(self) -> None:
        seen = {name: member.seen for name, member in self._members.items()}
        with self._changed:
            if seen != self._seen:
                self._seen = seen
                self._changed.notify_all()

    def _ask(self, errand: Callable[[], T]) -> T | None:
        """Have the fleet's thread do something, and return what came of it; None at its end."""
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(errand())
            except BaseException as error:
                result.set_exception(error)

        with self._changed:
            if self._closed:
                return None
            self._errands.append(run)
            os.write(self._wake, b".")
        return result.result(timeout=60)

    def _run_errands(self) -> None:
        os.read(self._woken, 4096)
        with self._changed:
            errands, self._errands = self._errands, []
        for errand in errands:
            errand()

    def _close(self) -> None:
        with self._changed:
            self._closed = True
            errands, self._errands = self._errands, []
        for errand in errands:
            errand()
        for member in self._all():
            member.close()
        self._selector.close()
        os.close(self._woken)
        os.close(self._wake)
        shutil.rmtree(self._folder, ignore_errors=True)
