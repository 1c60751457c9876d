"""One feed, two collectors, one store: either collector goes away, and each line is stored once.

    python demo.py                     the whole demonstration, about half a minute
    python demo.py --keep DIR          keep log, bundle, state and store in DIR
    python demo.py --judge DIR         compare what was kept once more

Exits 1 unless every line of the log is in the store exactly once.
"""

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.run import Fleet, RunError, Seen, loopback_addresses

FLOW = Path(__file__).parent / "two_collectors.flow"
FEED = "feed@shop-1.example.com"
CORES = ("collector@core-a.example.com", "collector@core-b.example.com")
ROTATED = 5000
"""Lines of a log before it is rotated."""


def main() -> int:
    """Read the command line; run or judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=40_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the log grows")
    parser.add_argument("--faults", type=int, default=5)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    parser.add_argument("--judge", type=Path, help="only compare what an earlier run kept here")
    given = parser.parse_args()
    if given.judge is not None:
        return judge(given.judge)
    work = given.keep or Path(tempfile.mkdtemp(prefix="flumec-two-"))
    (work / "log").mkdir(parents=True, exist_ok=True)
    try:
        return demonstrate(work.absolute(), given)
    except RunError as error:
        print(error)
        return 2
    finally:
        if given.keep is None:
            shutil.rmtree(work, ignore_errors=True)


def demonstrate(work: Path, given: argparse.Namespace) -> int:
    """Let the log grow while things go wrong, and print what came of it."""
    print(f"examples/two_collectors: shop-1, core-a and core-b; seed {given.seed}")
    sets = {"log": str(work / "log" / "orders.log"), "lake": (work / "store").as_uri()}
    options = Options(sets={**sets, "roll": "1s"})
    compiled = compile_fleet([FLOW], options, addresses=loopback_addresses)
    if compiled.plan is None:
        raise SystemExit("\n".join(f"{d.span}: {d.message}" for d in compiled.diagnostics))
    write_bundle(emit(compiled.plan), work / "dist")
    with Fleet(work / "dist", compiled.plan, work / "state") as fleet:
        if not fleet.wait_ready(60):
            print("the fleet did not come up")
            return 1
        writer = threading.Thread(target=write, args=(work / "log", given.lines, given.seconds))
        writer.start()
        chance, began = random.Random(given.seed), time.monotonic()
        for number in range(given.faults):
            time.sleep(given.seconds / (given.faults + 1))
            whom = (*CORES, FEED)[number % 3]
            seconds = chance.uniform(3, 6) if whom in CORES else 0.0
            print(f"  {time.monotonic() - began:5.1f} s: {whom} is away for {seconds:.1f} s")
            stay_away(fleet, whom, seconds)
        writer.join()
        idle = fleet.wait_idle(120)
        show_shares(fleet.agents)
    if not idle:
        print("the fleet has not drained within 120 s")
    return judge(work)


def write(folder: Path, lines: int, seconds: float) -> None:
    """Let the log grow, and rotate it as logrotate does."""
    began, rotations = time.monotonic(), 0
    log = folder / "orders.log"
    file = log.open("a")
    for number in range(1, lines + 1):
        file.write(f"order {number:06} of {number * 7919 % 100_003:06} pieces\n")
        if number % 100 == 0:
            file.flush()
            time.sleep(max(0.0, began + seconds * number / lines - time.monotonic()))
        if number % ROTATED == 0 and rotations < 9 and number < lines:
            file.close()
            for older in range(rotations, 0, -1):
                log.with_name(f"orders.log.{older}").rename(
                    log.with_name(f"orders.log.{older + 1}")
                )
            log.rename(log.with_name("orders.log.1"))
            rotations += 1
            file = log.open("a")
    file.close()


def stay_away(fleet: Fleet, whom: str, seconds: float) -> None:
    """Kill an agent, and again whenever it comes back, for a while."""
    until = time.monotonic() + seconds
    fleet.kill(whom)
    while time.monotonic() < until:
        if fleet.agents[whom].phase == "ready":
            fleet.kill(whom)
        time.sleep(0.1)


def show_shares(agents: Mapping[str, Seen]) -> None:
    """Print what each collector got since it was last started."""
    for name in CORES:
        inbox = agents[name].channels.get("inbox", {})
        print(f"{name}: {inbox.get('put', 0):,} lines since its last start")


def judge(work: Path) -> int:
    """Compare the log with the store; return the exit code."""
    files = [p for p in (work / "store").rglob("*") if p.is_file() and ".flumec" not in p.parts]
    written = Counter(line for path in (work / "log").iterdir() for line in read(path))
    stored = Counter(line for path in files for line in read(path))
    lost, more = written - stored, stored - written
    strangers = sum(count for line, count in more.items() if line not in written)
    writers = {path.name.split(".")[0] for path in files}
    print(f"{written.total():,} lines written, {stored.total():,} stored in {len(files)} files")
    for word, found in (("lost", lost), ("too many", more)):
        for line in list(found)[:3]:
            print(f"  {word}: {line.decode(errors='replace')}")
    print(f"files of {len(writers)} collectors" if writers else "no file")
    said = f"lost {lost.total()}, duplicated {more.total() - strangers}"
    print(said + (f", never written {strangers}" if strangers else ""))
    return int(bool(lost or more))


def read(path: Path) -> list[bytes]:
    """Return the lines of a file."""
    return path.read_bytes().splitlines()


if __name__ == "__main__":
    sys.exit(main())
