"""`make demo`: three agents carry two growing logs through kills into files.

    python demo.py                     the whole demonstration, about a minute
    python demo.py --keep DIR          keep logs, bundle, state and store in DIR
    python demo.py --judge DIR         compare what was kept once more

Exits 1 unless every line that was written arrived exactly once, in order.
"""

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from flumec.compiler.run.errors import RunError
from rich.console import Console
from rich.table import Table
from scenario import HOSTS, Scenario, busy
from verdict import Verdict, judge, lines_written

console = Console(highlight=False)


def main() -> int:
    """Read the command line; run or judge."""
    parser = argparse.ArgumentParser(
        description="three agents, two growing logs, two kills, one verdict"
    )
    parser.add_argument("--lines", type=int, default=110_000, help="lines for each of the two logs")
    parser.add_argument("--seconds", type=float, default=25.0, help="how long the logs grow")
    parser.add_argument("--rotations", type=int, default=3)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    parser.add_argument("--judge", type=Path, help="only compare what an earlier run kept here")
    given = parser.parse_args()
    if given.judge is not None:
        verdict = judge(
            {host: given.judge / "logs" / host for host in HOSTS}, given.judge / "store"
        )
        return show_verdict(verdict)
    work = given.keep or Path(tempfile.mkdtemp(prefix="flumec-demo-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        return demonstrate(work.absolute(), given)
    except RunError as error:
        console.print(str(error), markup=False, style="bold red")
        return 2
    finally:
        if given.keep is None:
            shutil.rmtree(work, ignore_errors=True)


def demonstrate(work: Path, given: argparse.Namespace) -> int:
    """Run the fleet through traffic and kills, and print what came of it."""
    console.print("compiling examples/weblogs/weblogs.flow: two web hosts, one collector")
    scenario = Scenario(work)
    try:
        scenario.fleet.start()
        if not scenario.fleet.wait_ready(30):
            console.print("the fleet did not come up")
            return 1
        console.print(
            f"three agents run; two logs grow by {given.lines:,} lines each, "
            f"with {given.rotations} rotations"
        )
        scenario.start_traffic(given.lines, given.seconds, given.rotations)
        for number in range(given.kills):
            time.sleep(given.seconds * random.uniform(0.5, 1.0) / (given.kills + 1))
            show_kill(scenario, number + 1)
        console.print("waiting until the logs are written and the fleet has drained")
        began = time.monotonic()
        verdict = scenario.finish(120)
        show_hops(scenario, verdict, time.monotonic() - scenario.began)
        console.print(f"drained after {time.monotonic() - began:.0f} s")
        return show_verdict(verdict, kills_missing=given.kills - len(scenario.kills))
    except BaseException:
        scenario.abandon()
        raise


def show_kill(scenario: Scenario, number: int) -> None:
    """Kill a random agent that holds events, and say so."""
    with contextlib.suppress(TimeoutError):
        kill = scenario.kill(busy, 20)
        if kill is None:
            console.print(f"kill {number}: no agent held anything", style="red")
            return
        name = f"{kill.agent.partition('@')[0]}@{short(kill.agent)}"
        console.print(
            f"  SIGKILL {number} at {kill.seconds:.1f} s: [bold]{name}[/] (process {kill.pid}), "
            f"{kill.held:,} events held,\n    {kill.phase}, lag {kill.lag:.2f} s"
        )


def hops(scenario: Scenario, verdict: Verdict) -> list[tuple[str, str, int, int]]:
    """Return (hop, the agents that serve it, events in, events out) in the order of the flow."""
    spools = {n: s.channels["spool"] for n, s in scenario.last.items() if "spool" in s.channels}
    collector = next(name for name, seen in scenario.last.items() if "inbox" in seen.channels)
    inbox = scenario.last[collector].channels["inbox"]
    written = {host: len(lines_written(directory)) for host, directory in scenario.logs.items()}
    rows = [
        (f"{short(name)}: log to spool", name, written[name.partition("@")[2]], spool["put"])
        for name, spool in spools.items()
    ]
    sent = sum(spool["delivered"] for spool in spools.values())
    rows.append(("link: spools to inbox", " ".join([*spools, collector]), sent, inbox["put"]))
    rows.append(
        (f"{short(collector)}: inbox to files", collector, inbox["delivered"], verdict.arrived)
    )
    return rows


def short(agent: str) -> str:
    """Return the host's first name: `web-1` for `tailer@web-1.example.com`."""
    return agent.partition("@")[2].partition(".")[0]


def show_hops(scenario: Scenario, verdict: Verdict, seconds: float) -> None:
    """Print a row for each hop."""
    table = Table()
    for name in ("hop", "in", "out", "events/s", "lag at the kills"):
        table.add_column(name, justify="left" if name == "hop" else "right")
    for hop, agents, entered, left in hops(scenario, verdict):
        lags = ", ".join(f"{kill.lag:.2f} s" for kill in scenario.kills if kill.agent in agents)
        table.add_row(hop, f"{entered:,}", f"{left:,}", f"{left / seconds:,.0f}", lags or "-")
    console.print(table)


def show_verdict(verdict: Verdict, kills_missing: int = 0) -> int:
    """Print the verdict; return the exit code."""
    console.print(f"{verdict.written:,} lines written, {verdict.arrived:,} arrived")
    for example in verdict.examples[:6]:
        console.print(f"  {example}", markup=False)
    console.print(str(verdict), style="bold green" if verdict.good else "bold red")
    if kills_missing:
        console.print(f"{kills_missing} of the kills did not happen", style="bold red")
    return 0 if verdict.good and not kills_missing else 1


if __name__ == "__main__":
    sys.exit(main())
