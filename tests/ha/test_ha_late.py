"""A machine that was cut off for longer than the window brings what is late, and nothing is lost.

The agents are those of the example's bundle, in processes of their own; hours pass for all of them
at once, by a file that says how many.
"""

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.run import Fleet, loopback_addresses
from flumec.runtime.control.client import Client

EXAMPLE = Path(__file__).parents[2] / "examples" / "ha_pair"
VAULT = "vault-1.example.com"
CUT = "feed-b.example.com"

SHIFT = """
from pathlib import Path as _Path
from flumec.runtime.clock import SystemClock as _Clock

def _shifted(real, unit):
    return lambda self: real(self) + int(_Path({file!r}).read_text()) * unit

_Clock.now_ns = _shifted(_Clock.now_ns, 10**9)
_Clock.monotonic = _shifted(_Clock.monotonic, 1)
"""
"""In front of an agent's script: its clocks are ahead by as many seconds as the file says."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("demo")]


class Pair:
    """The example's fleet on this machine, its clocks, and a client."""

    def __init__(self, work: Path) -> None:
        self.work, self.store = work, work / "store"
        self._ahead = work / "ahead"
        self._ahead.write_text("0")
        sets = {"lake": self.store.as_uri(), "roll": "300ms", "window": "10m"}
        flow = EXAMPLE / "ha_pair.flow"
        plan = compile_fleet([flow], Options(sets=sets), addresses=loopback_addresses).plan
        assert plan is not None
        write_bundle(emit(plan), work / "dist")
        for script in (work / "dist").glob("*/agents/*.py"):
            head, imports, rest = script.read_text().partition("\nfrom flumec.runtime import ")
            shift = SHIFT.format(file=str(self._ahead))
            script.write_text(f"{head}{shift}{imports}{rest}")
        self.fleet = Fleet(work / "dist", plan, work / "state")
        self._client: Any = importlib.import_module("client")
        (work / "records").mkdir()
        self._record = self._client.Record(work / "records" / "ann.jsonl")
        self._made = 0

    def pass_time(self, seconds: int) -> None:
        """Let time pass for all agents, at once; they never see half a file."""
        new = self._ahead.with_name("new")
        new.write_text(str(int(self._ahead.read_text()) + seconds))
        new.replace(self._ahead)

    def post(self, count: int, *machines: int) -> range:
        """Post new events to some of the machines, each of which answers 200; return which."""
        new = range(self._made, self._made + count)
        self._made = new.stop
        name = f"ann-{new.start}"
        request = self._client.Request("ann", new.start, new.stop, False, name, self._record)
        self._record.made(request)
        for machine in machines:
            to = self._client.Machine(f"feed-{machine}", f"127.71.0.{machine}:5140", machine - 1)
            answer = request.post(to)
            assert answer.status == 200, answer
        return new

    def stored(self, *wanted: range) -> None:
        """Wait until the store has these, and see that each is there once."""
        numbers = sorted(number for each in wanted for number in each)
        wait_for(lambda: len(self.rows()) >= len(numbers))
        assert sorted(self.rows()) == numbers

    def rows(self) -> list[int]:
        rows = importlib.import_module("verdict").rows(self.store)
        return [int(row["headers"]["seq"]) for _, row in rows]

    def late(self) -> list[dict[str, Any]]:
        """Return what the channel for late ones has, by the operator's tool."""
        state = str(self.work / "state" / VAULT / "book")
        export = [sys.executable, "-m", "flumec.runtime.channel", "export", state, "late"]
        said = subprocess.run(export, check=True, capture_output=True, text=True).stdout
        return [json.loads(line) for line in said.splitlines()]

    def judge(self) -> Any:
        judge = importlib.import_module("verdict").judge
        return judge(sorted((self.work / "records").iterdir()), self.store, self.late())

    def link(self, what: str) -> None:
        """Cut the second machine off from the vault, or join it again."""
        seconds = {"seconds": 1_000_000} if what == "pause" else None
        Client(self.work / "state" / CUT / "feed").post(f"/sinks/to_book/{what}", seconds)


@pytest.fixture
def pair(tmp_path: Path, loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    for name in ("client", "verdict"):  # other examples have a module of that name
        monkeypatch.delitem(sys.modules, name, raising=False)
    ours = Pair(tmp_path)
    with ours.fleet:
        assert ours.fleet.wait_ready(60)
        yield ours


def test_what_comes_after_the_window_is_late_and_never_written_twice(pair: Pair) -> None:
    before = pair.post(20, 1, 2)
    pair.stored(before)
    pair.link("pause")
    both, only = pair.post(30, 1, 2), pair.post(7, 2)
    pair.stored(before, both)
    pair.pass_time(3_600)
    after = pair.post(5, 1)  # with these written, older keys leave the window
    pair.stored(before, both, after)
    pair.link("resume")
    wait_for(lambda: len(pair.late()) >= len(both) + len(only))
    pair.fleet.kill(f"book@{VAULT}")
    again = pair.post(5, 1, 2)
    pair.stored(before, both, after, again)

    verdict = pair.judge()
    assert verdict.good, verdict.examples
    assert (verdict.late, verdict.late_copies) == (len(both) + len(only), len(both))
    assert {row["headers"]["seq"] for row in pair.late()} >= {str(number) for number in only}


def test_what_comes_late_within_the_window_is_known_and_what_is_new_is_late(pair: Pair) -> None:
    pair.link("pause")
    both, only = pair.post(30, 1, 2), pair.post(7, 2)
    pair.stored(both)
    pair.pass_time(6 * 60)
    pair.fleet.kill(f"book@{VAULT}")  # what it knows is on its disk
    pair.link("resume")
    wait_for(lambda: len(pair.late()) >= len(only))
    after = pair.post(5, 1, 2)
    pair.stored(both, after)

    verdict = pair.judge()
    assert verdict.good, verdict.examples
    assert (verdict.late, verdict.late_copies) == (len(only), 0)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.2)
