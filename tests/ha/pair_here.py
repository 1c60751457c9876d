"""The example's pair and vault in processes of this machine, with clocks that can be set.

The agents are those of the bundle; hours pass for all of them at once, by a file that says so.
"""

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


class Pair:
    """The example's fleet on this machine, its clocks, and a client."""

    def __init__(self, work: Path, **sets: str) -> None:
        self.work, self.store = work, work / "store"
        self._ahead = work / "ahead"
        self._ahead.write_text("0")
        sets = {"lake": self.store.as_uri(), "roll": "300ms", "window": "10m", **sets}
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
        new = self.new(count)
        for machine in machines:
            answer = self.ask(new, machine)
            assert answer.status == 200, answer
        return new

    def new(self, count: int) -> range:
        """Make events that were not there before."""
        self._made += count
        new = range(self._made - count, self._made)
        self._record.made(self._request(new))
        return new

    def ask(self, events: range, machine: int) -> Any:
        """Post events to a machine once; return its answer."""
        to = self._client.Machine(f"feed-{machine}", f"127.71.0.{machine}:5140", machine - 1)
        return self._request(events).post(to)

    def _request(self, events: range) -> Any:
        name = f"ann-{events.start}"
        return self._client.Request("ann", events.start, events.stop, False, name, self._record)

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

    def link(self, what: str, host: str = CUT) -> None:
        """Cut a machine, the second one, off from the vault, or join it again."""
        seconds = {"seconds": 1_000_000} if what == "pause" else None
        Client(self.work / "state" / host / "feed").post(f"/sinks/to_book/{what}", seconds)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.2)
