"""Collect the tests once and run them in several forks of that process: `pytest --workers 3`.

    collected ─┬─ fork ─▶ worker ─┐
               ├─ fork ─▶ worker ─┼─ reports ─▶ collected, which counts and shows them
               └─ fork ─▶ worker ─┘

A worker of pytest-xdist imports and collects everything itself, and handing it a test and taking
the report costs more than most of the tests do. These know all tests from birth, and take the next
ones from a file whose position all of them share.

A worker that dies is a failure of the test that it had in hand. What else it had taken is run by
the workers of another round, until every test has been reported.
"""

import itertools
import mmap
import os
import random
import struct
import sys
import tempfile
import threading
import traceback
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

import pytest

LEAST = 4
"""Tests that a worker takes at once, at least. The first stretches are of hundreds: neighbours
share what their module or their process makes once."""

STRETCH = struct.Struct("=II")

NOTHING = -1
"""What a worker has in hand that has no test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --workers."""
    text = "run the tests in N forks of the process that collects them"
    parser.addoption("--workers", type=int, default=0, metavar="N", help=text)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in workers where that is asked for; a debugger needs the terminal itself."""
    option = session.config.option
    broken = session.testsfailed and not option.continue_on_collection_errors
    if not option.workers or option.collectonly or option.usepdb or broken:
        return None
    if getattr(option, "numprocesses", None):
        raise pytest.UsageError("--workers and -n are two ways to share the work: leave one out")
    if threading.active_count() > 1:
        raise pytest.UsageError(
            f"a fork has no other thread: end those that collecting began, or leave out --workers;"
            f" there are {threading.enumerate()}"
        )
    left, names = session.items, (f"w{number}" for number in itertools.count())
    while left:
        reported = _Round(session, left).run(list(itertools.islice(names, option.workers)))
        left = [item for index, item in enumerate(left) if index not in reported]
    return True


def stretches(tests: int, workers: int) -> Iterator[tuple[int, int]]:
    """Part so many tests into stretches, each from one to before another, that get shorter."""
    begin = 0
    while begin < tests:
        end = min(tests, begin + max(LEAST, (tests - begin) // (4 * workers)))
        yield begin, end
        begin = end


def _taken(queue: int) -> Iterator[int]:
    """Take stretch after stretch, each when the one before has been given out."""
    while stretch := os.read(queue, STRETCH.size):
        yield from range(*STRETCH.unpack(stretch))


@dataclass(frozen=True)
class _Worker:
    """A worker as the process sees it that collected."""

    pid: int
    place: int
    reports: connection.Connection
    gone: int
    """Readable when it is no more. That its pipe is at an end does not tell: a process that a test
    forked, and left, has it open."""

    def heard(self) -> Any:
        """Return what it says next; None if it says no more."""
        try:
            return self.reports.recv()
        except (EOFError, OSError):
            return None

    def ended(self) -> int:
        """Wait for its end and return its exit code, negative for a signal.

        One that still runs ends after the test in hand: nobody takes the report.
        """
        self.reports.close()
        os.close(self.gone)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class _Round:
    """Workers that run tests until there is none to take."""

    def __init__(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        self.session, self.items = session, items
        self.reported: set[int] = set()
        self.workers: list[_Worker] = []

    def run(self, names: list[str]) -> set[int]:
        """Run the tests and return the indexes of those that were reported: all, if none died."""
        self.in_hand = memoryview(mmap.mmap(-1, 4 * len(names))).cast("i")
        with tempfile.TemporaryFile(buffering=0) as queue:
            queue.write(b"".join(STRETCH.pack(*s) for s in stretches(len(self.items), len(names))))
            queue.seek(0)
            try:
                for place, name in enumerate(names):
                    self._fork(place, name, queue.fileno())
                while self.workers:
                    self._listen()
            finally:
                for worker in self.workers:
                    worker.reports.close()
                for worker in self.workers:
                    worker.ended()
        return self.reported

    def _fork(self, place: int, name: str, queue: int) -> None:
        self.in_hand[place] = NOTHING
        base = self.session.config._tmp_path_factory.getbasetemp() / name
        base.mkdir(0o700)
        reports, telling = connection.Pipe(duplex=False)
        pid = os.fork()
        if pid:
            telling.close()
            self.workers.append(_Worker(pid, place, reports, os.pidfd_open(pid)))
            return
        code = 1
        try:
            for one in (reports, *(worker.reports for worker in self.workers)):
                one.close()  # or nobody's end would be seen by those who write to it
            _settle(self.session, name, base)
            self._work(place, queue, _Telling(self.session.config, telling))
            code = 0
        except (BrokenPipeError, KeyboardInterrupt):
            code = 0  # the process that collected has had enough
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)

    def _work(self, place: int, queue: int, telling: "_Telling") -> None:
        hook = self.session.config.hook
        self.session.config.pluginmanager.register(telling)
        telling.warned.clear()  # of what was said before, it is told when it is registered
        tests = itertools.chain(_taken(queue), [None])
        try:
            for index, following in itertools.pairwise(tests):
                after = None if following is None else self.items[following]
                self.in_hand[place] = index
                hook.pytest_runtest_protocol(item=self.items[index], nextitem=after)
                telling.tell(index)
                self.in_hand[place] = NOTHING
        finally:
            self.session._setupstate.teardown_exact(None)

    def _listen(self) -> None:
        ends = {end: worker for worker in self.workers for end in (worker.reports, worker.gone)}
        ready = connection.wait(list(ends))
        for worker in {ends[end].pid: ends[end] for end in ready}.values():
            told = worker.heard() if worker.reports in ready else None
            if told:
                self._show(*told)
            else:
                self.workers.remove(worker)
                self._judge(worker.place, worker.ended())

    def _judge(self, place: int, code: int) -> None:
        index = self.in_hand[place]
        if index != NOTHING:
            item = self.items[index]
            text = f"the worker that ran this ended: exit code {code}, negative for a signal"
            report = pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")
            said = {"config": self.session.config, "report": report}
            hook = self.session.config.hook
            self._show(index, [hook.pytest_report_to_serializable(**said)], [])
        elif code:
            raise RuntimeError(f"a worker ended between two tests: exit code {code}")

    def _show(self, index: int, reports: list[Any], warned: list[Any]) -> None:
        session, hook, item = self.session, self.session.config.hook, self.items[index]
        self.reported.add(index)
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for data in reports:
            report = hook.pytest_report_from_serializable(config=session.config, data=data)
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        for text, *where in warned:
            warning = warnings.WarningMessage(text, *where)
            said = {"warning_message": warning, "when": "runtest", "nodeid": item.nodeid}
            hook.pytest_warning_recorded.call_historic(kwargs={**said, "location": None})
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)


class _Telling:
    """The plugin of a worker that keeps what is said of a test and tells it at its end, at once."""

    def __init__(self, config: pytest.Config, telling: connection.Connection) -> None:
        self.config, self.telling = config, telling
        self.reports: list[Any] = []
        self.warned: list[Any] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said = {"config": self.config, "report": report}
        self.reports.append(self.config.hook.pytest_report_to_serializable(**said))

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        one = warning_message
        self.warned.append((str(one.message), one.category, one.filename, one.lineno))

    def tell(self, index: int) -> None:
        self.telling.send((index, self.reports, self.warned))
        self.reports, self.warned = [], []


def _settle(session: pytest.Session, name: str, base: Any) -> None:
    """Give a fork what it must not share with others: output, folders, names, chance."""
    os.environ["PYTEST_XDIST_WORKER"] = name  # what plugins and conftest.py ask for
    random.seed()
    session.config._tmp_path_factory._basetemp = base
    plugins = session.config.pluginmanager
    terminal = plugins.unregister(name="terminalreporter")
    plugins.register(types.SimpleNamespace(_tw=terminal._tw), "terminalreporter")  # for timeouts
    capture = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
