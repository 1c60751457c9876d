"""The durable chains, measured as whole process trees: `make bench`.

One file of 165 to 200 byte lines goes through the agents that `flumec build` wrote, with tags,
timestamp(), host() and metrics on. The output is compared with the input byte for byte. The first
run is discarded (the first touch of fresh memory is dear on virtual machines); medians are printed.
"""

import argparse
import hashlib
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import parts

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
FIRST_ROW = re.compile(r"\.(\d{12})-\d{12}\.")


@dataclass
class Input:
    """The file to be carried."""

    path: Path
    bytes: int
    lines: int
    digest: str


@dataclass
class Run:
    """What one run cost, all agents together."""

    seconds: float
    cpu: float
    peak_mb: float
    syncs: int = 0


def make_input(folder: Path, size: int) -> Input:
    """Write a log of about `size` bytes, in blocks of lines of 165 to 200 bytes."""
    rng = random.Random(1)
    lines = [
        f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)} - - "
        f"[22/Nov/2026:10:24:17 +0000] "
        f'"GET /item/{rng.randrange(10**9):09d} HTTP/1.1" 200 {rng.randrange(10**5):05d} "-" "'
        + "".join(rng.choices("abcdefghijklmnopqrstuvwxyz /0123456789", k=rng.randrange(72, 107)))
        + '"\n'
        for _ in range(23_000)
    ]
    block = "".join(lines).encode()
    path, digest, written = folder / "access.log", hashlib.sha256(), 0
    with path.open("wb") as file:
        while written < size:
            file.write(block)
            digest.update(block)
            written += len(block)
        os.fsync(file.fileno())
    return Input(path, written, written // len(block) * len(lines), digest.hexdigest())


def build(flow: str, work: Path, **values: Path) -> list[Path]:
    """Compile the flow with its parameters; return its agents' scripts, receivers first."""
    dist = work / "dist"
    settings = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    subprocess.run(
        [sys.executable, "-m", "flumec.compiler", "build", str(HERE / "flows" / flow),
         "-o", str(dist), *settings],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return sorted(dist.glob("*/agents/*.py"), reverse=True)


@contextmanager
def agents(
    scripts: list[Path], work: Path, traced: bool
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run the scripts, perhaps under strace; yield the processes."""
    started: list[subprocess.Popen[bytes]] = []
    for number, script in enumerate(scripts):
        state = work / "state" / str(number)
        state.mkdir(parents=True)
        command = [sys.executable, str(script)]
        if traced:
            syncs = "trace=fsync,fdatasync,sync_file_range,pwritev2"
            command = [
                "strace",
                "-f",
                "-c",
                "-e",
                syncs,
                "-o",
                str(work / f"strace.{number}"),
                *command,
            ]
        with (work / f"log.{number}").open("wb") as log:
            started.append(
                subprocess.Popen(command, env=environment(state), stderr=log, stdout=log)
            )
    try:
        yield started
    finally:
        for process in started:
            if process.poll() is None:
                os.kill(children(process.pid)[0] if traced else process.pid, signal.SIGTERM)
        for process in started:
            process.wait(timeout=60)


def environment(state: Path) -> dict[str, str]:
    """Return an agent's environment; what is installed has its byte code already."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "STATE_DIRECTORY": str(state)}


def children(pid: int) -> list[int]:
    """Return the process's own children."""
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process with all its threads and ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15]) / TICKS


def peak_mb(pid: int) -> float:
    """Return the process's peak resident size."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


def everything(store: Path) -> list[Path]:
    """Return the files of the store, staged ones too; folders may come and go meanwhile."""
    return [Path(folder, name) for folder, _, names in os.walk(store) for name in names]


def published(store: Path) -> list[Path]:
    """Return the final files in the order of their rows."""
    files = [path for path in everything(store) if ".flumec" not in path.parts]
    return sorted(files, key=lambda p: int(m.group(1)) if (m := FIRST_ROW.search(p.name)) else -1)


def size_of(paths: list[Path]) -> int:
    """Return the files' bytes; a file that was renamed meanwhile counts at the next look."""
    total = 0
    for path in paths:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def one_run(flow: str, given: Input, *, traced: bool = False) -> Run:
    """Carry the file once, from an empty state, and check what came out."""
    with tempfile.TemporaryDirectory(prefix="flumec-bench-", dir=given.path.parent) as name:
        work = Path(name)
        store = work / "store"
        store.mkdir()
        scripts = build(flow, work, input=given.path, store=store)
        began = time.monotonic()
        with agents(scripts, work, traced) as started:
            seconds = 0.0
            while size_of(published(store)) < given.bytes:
                time.sleep(0.02)
                if not seconds and size_of(everything(store)) >= given.bytes:
                    seconds = (
                        time.monotonic() - began
                    )  # the rest is the wait until the last file is idle
                if (
                    any(process.poll() is not None for process in started)
                    or time.monotonic() - began > 300
                ):
                    logs = "".join((work / f"log.{n}").read_text() for n in range(len(started)))
                    raise SystemExit(
                        f"an agent ended, or the work was not done after 300 s\n{logs}"
                    )
            cpu = sum(cpu_seconds(process.pid) for process in started)
            peak = max(peak_mb(process.pid) for process in started)
        digest = hashlib.sha256()
        for path in published(store):
            digest.update(path.read_bytes())
        if digest.hexdigest() != given.digest:
            raise SystemExit(f"{flow}: what came out is not what went in")
        return Run(seconds, cpu, peak, count_syncs(work) if traced else 0)


def count_syncs(work: Path) -> int:
    """Add up the calls that strace counted."""
    text = "".join(path.read_text() for path in work.glob("strace.*"))
    return sum(
        int(m.group(1))
        for m in re.finditer(
            r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(?:fsync|fdatasync)$",
            text,
            re.MULTILINE,
        )
    )


def measure(flow: str, given: Input, runs: int) -> None:
    """Print a row for one flow."""
    one_run(flow, given)
    results = [one_run(flow, given) for _ in range(runs)]
    syncs = one_run(flow, given, traced=True).syncs if shutil.which("strace") else 0
    millions = given.lines / 1e6
    seconds, cpu, peak = (
        statistics.median(getattr(run, field) for run in results)
        for field in ("seconds", "cpu", "peak_mb")
    )
    rate, megabytes = given.lines / seconds / 1e6, given.bytes / seconds / 1e6
    row = (flow.removesuffix(".flow"), f"{rate:.2f} M", f"{megabytes:.0f}", f"{cpu / millions:.2f}")
    print("| " + " | ".join((*row, f"{peak:.0f}", str(syncs))) + " |", flush=True)


def main() -> None:
    """Measure both chains."""
    parser = argparse.ArgumentParser(description="measure the durable chains")
    parser.add_argument("--mib", type=int, default=1024, help="size of the input")
    parser.add_argument(
        "--runs", type=int, default=5, help="counted runs, after one that is discarded"
    )
    parser.add_argument("--only", default="", help="one flow's name")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flumec-bench-", dir="/var/tmp") as name:
        source = make_input(Path(name), given.mib << 20)
        print(f"{source.lines:,} lines, {source.bytes / 1e6:.0f} MB, medians of {given.runs}\n")
        print("| chain | events/s | MB/s | CPU s per million | peak resident MB | syncs |")
        print("| --- | --- | --- | --- | --- | --- |")
        for flow in ("one_agent.flow", "two_hops.flow"):
            if given.only in flow:
                measure(flow, source, given.runs)
        if not given.only:
            parts.show(source.path, Path(name))


if __name__ == "__main__":
    main()
