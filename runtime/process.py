"""The life of an agent's process: recover, work, drain, end."""

import argparse
import contextlib
import hashlib
import logging
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.runtime import logs
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import Disk, RealDisk
from flumec.runtime.ending import DRAIN
from flumec.runtime.errors import StartError
from flumec.runtime.messages.agent import CannotGoOn, CannotRun, NothingStored
from flumec.runtime.messages.unit import SocketUnused
from flumec.runtime.notify import Notifier
from flumec.runtime.origin import origin
from flumec.runtime.outlook import Outlook, folders
from flumec.runtime.prolonged import Prolonged
from flumec.runtime.restarts import STEADY, Restarts
from flumec.runtime.shut import saying_where
from flumec.runtime.signals import Signals
from flumec.runtime.sockets import Sockets
from flumec.runtime.timed_disk import TimedDisk
from flumec.runtime.tuning import tune

if TYPE_CHECKING:
    from flumec.runtime.agent import Agent
    from flumec.runtime.journal import Identity
    from flumec.runtime.journals import Journals
    from flumec.runtime.metrics import Reading

BINDING = 10.0
"""Seconds that sources and receivers may take to listen before the agent counts as ready."""

SHORT_END = 3.0
"""Seconds that the other workers get to finish when one of them died."""


def main(agent: "Agent", arguments: Sequence[str]) -> int:
    """Run the agent; return the exit code, 0 when it was told to end and all work was finished."""
    signals = Signals()
    options = _parser(agent).parse_args(arguments)
    logs.start(SystemClock(), options.log, form=options.log_format)
    restarts = Restarts.of_unit(RealDisk(), SystemClock())
    if not restarts.wait(Notifier.of_process(), signals):
        return 0
    code = 1
    try:
        tune()
        code = Process(agent, _state(options.state, agent), signals, restarts).run()
    except Exception as error:
        restarts.note(logs.reason(error))
        logs.of("agent").error(CannotRun(agent=agent.name, reason=logs.reason(error)))
        _explain(error)
    if signals.told is not None:
        restarts.forget()
    logging.shutdown()
    sys.stderr.flush()
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        os._exit(code)  # a thread in Arrow or in a system call must not meet a dying interpreter
    return code


class Process:
    """One agent at work in this process; `run` is called once."""

    def __init__(self, agent: "Agent", state: Path, signals: Signals, restarts: Restarts) -> None:
        from flumec.runtime.control.inside import Inside
        from flumec.runtime.control.themes import serve
        from flumec.runtime.draining import Draining
        from flumec.runtime.site import Site
        from flumec.runtime.staff import Staff
        from flumec.runtime.watch import News, Watch

        self.agent = agent
        self._signals = signals
        self._restarts = restarts
        self._script = _script()
        self._identity = _identity(agent, self._script)
        self._clock = SystemClock()
        self._outlook = Outlook(folders(agent.sources), self._clock)
        self._news = News(self._clock)
        self._ready = False
        self._journal_error: BaseException | None = None
        self._started_ns = self._clock.now_ns()
        self._notifier = Notifier.of_process()
        disk = RealDisk()
        self._timed = TimedDisk(disk, self._clock.monotonic)
        self._journals = self._open_journals(state, self._timed)
        self._sockets = Sockets()
        site = Site(
            agent.name, agent.host, agent.address, state,
            self._clock, disk, self._sockets, self._journals,
            f"{self._identity.version}/{self._identity.bundle}",
        )  # fmt: skip
        self._staff = Staff(agent, site, self._news.tell)
        self._watch = Watch(
            self._clock, self._notifier, self._news, self.reading, self._staff.overdue
        )
        self._disk, self._state = disk, state
        self._draining = Draining(state, disk, self._staff, self._journals)
        inside = Inside(
            agent, state, disk, self._clock, self._journals, self._staff,
            self.reading, self._watch.told, self._watch.overdue, self._draining,
        )  # fmt: skip
        serve(inside, site.sockets)

    def run(self) -> int:
        """Work until told to end or until something fails; return the exit code."""
        from flumec.runtime.control import place
        from flumec.runtime.journal import JournalFailed

        self._signals.on_told(self._news.tell)
        self._draining.start()
        if self._has_begun():
            self._ready = True
            logs.of("agent").info("`%s` of %s is ready", self.agent.name, self.agent.host)
            self._notifier.send({"READY": "1"}, wait=True)
            for name in self._sockets.unused if all(d.begun for d in self._staff.doors) else ():
                logs.of("agent").warning(SocketUnused(socket=name, agent=self.agent.name))
        if not self._watch.until(self._is_over, STEADY):
            self._restarts.forget()
        self._watch.until(self._is_over)
        self._notifier.send({"STOPPING": "1"}, wait=True)
        for worker in self._staff.dead:
            if isinstance(worker.error, JournalFailed):
                self._journal_error = self._journal_error or worker.error
        if self._staff.dead and not self._journal_error:
            code = self._give_up()
        elif not self._journal_error:
            code = self._drain()
        place.remove(self._state, self._disk)  # before the lock is free, and a successor listens
        if self._journal_error is not None:
            why = logs.reason(self._journal_error)
            self._restarts.note(why)
            logs.of("journal").error(NothingStored(reason=why))
            _explain(self._journal_error)
            return 1  # and no close: after a failed sync nothing is written any more
        with Prolonged(self._notifier, self._clock, "stopping; its journal is written"):
            self._journals.close()
        self._watch.round()
        return code

    def _has_begun(self) -> bool:
        """Wait until sources and receivers listen where they are to; False if there is no more use.

        Nobody waits for sinks, nor for longer than BINDING: to be asked for a port is no work.
        """
        doors = self._staff.doors
        if doors:
            self._watch.until(lambda: self._is_over() or all(d.begun for d in doors), BINDING)
        return not doors or not self._is_over()

    def _is_over(self) -> bool:
        self._draining.step()
        ended = self._signals.told or self._staff.dead or self._journal_error
        return bool(ended or self._outlook.is_over())

    def reading(self) -> "Reading":
        """Return the agent as it is now."""
        from flumec.runtime.metrics import Reading

        balances = self._journals.balances()
        return Reading(
            agent=self.agent.name,
            host=self.agent.host,
            version=self._identity.version,
            bundle=self._identity.bundle,
            now_ns=self._clock.now_ns(),
            started_ns=self._started_ns,
            ready=self._ready,
            stopping=self._signals.told is not None or bool(self._staff.dead),
            channels={name: stats for name, (_, stats) in balances.items()},
            places={name: place for name, (place, _) in balances.items()},
            parts=tuple(worker.reading for worker in self._staff.workers),
            syncs=self._timed.syncs,
        )

    def _open_journals(self, state: Path, disk: Disk) -> "Journals":
        """Recover what the journals hold, however long that takes; raise StateError."""
        from flumec.runtime.keeping import open_journals
        from flumec.runtime.moved import tell_if_elsewhere

        try:
            disk.make_directory(state)
            with contextlib.suppress(PermissionError):  # systemd's own, which it has made
                disk.sync_directory(state.parent)  # whoever made it may have been killed before
        except OSError as error:
            raise StartError(
                f"its state cannot be kept in {state}: {logs.reason(error)}; give the agent's user "
                "a directory that it may write"
            ) from None
        with Prolonged(self._notifier, self._clock, "reading its journal"):
            with saying_where(state):
                tell_if_elsewhere(state, disk, self._identity.machine)
            return open_journals(
                self.agent,
                state,
                disk=disk,
                clock=self._clock,
                identity=self._identity,
                on_failure=self._journal_failed,
            )

    def _drain(self) -> int:
        from flumec.runtime.drain import drain

        told = self._signals.told
        logs.of("agent").info("%s: draining", told.name if told else "the end")
        kept = {each.consumer.name: each.channel.on_disk for each in self.agent.deliveries}
        done = drain(self._staff, self._watch, kept, DRAIN, self._journals.settle)
        logs.of("agent").info("`%s` has ended", self.agent.name)
        return 0 if done else 1

    def _give_up(self) -> int:
        """Say which component died of what, and let the others finish what they can in short."""
        from flumec.runtime.drain import stop

        for worker in self._staff.dead:
            assert worker.error is not None
            place, why = origin(self._script, worker.name), logs.reason(worker.error)
            where = f"({place}) " if place else ""
            self._restarts.note(f"{worker.name}: {why}")
            logs.of(worker.name).error(CannotGoOn(where=where, reason=why))
            _explain(worker.error)
        stop(self._staff.workers, self._watch, SHORT_END)
        return 1

    def _journal_failed(self, error: BaseException) -> None:
        self._journal_error = error
        self._news.tell()


def _parser(agent: "Agent") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=f"Agent `{agent.name}` of host {agent.host}.")
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="where its journal lies (default: STATE_DIRECTORY, which its unit sets)",
    )
    parser.add_argument(
        "--log",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="the least level that is logged (default: info)",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="lines for people, or one JSON object each (default: text)",
    )
    return parser


def _state(given: Path | None, agent: "Agent") -> Path:
    """Return the agent's state directory: the argument's, else the unit's."""
    if given is not None:
        return given.absolute()
    if directory := os.environ.get("STATE_DIRECTORY"):
        return Path(directory.split(":")[0])
    script = Path(sys.argv[0]).name
    raise StartError(
        "there is no place for its state: STATE_DIRECTORY is not set, which StateDirectory= in its "
        f"unit does; to run it by hand: python3 {script} --state ./{agent.name}-state"
    )


def _script() -> Path | None:
    path = getattr(sys.modules["__main__"], "__file__", None)
    return Path(path) if path else None


def _identity(agent: "Agent", script: Path | None) -> "Identity":
    """Name the agent, and the compiled artefact that it is by its digest."""
    from flumec.runtime.journal import Identity
    from flumec.runtime.links.machine import machine

    content = script.read_bytes() if script and script.is_file() else b""
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Identity(agent.host, agent.name, metadata.version("flumec"), digest, machine(RealDisk()))


def _explain(error: BaseException) -> None:
    """Log the traceback for engineers: at level debug."""
    logs.of("agent").debug("%s", "".join(traceback.format_exception(error)))
