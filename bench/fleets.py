"""Fleets of 10,000 hosts: what linting and building them costs, in CPU seconds."""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CORE = """\
hosts core = ["core-1.example.com"]

agent collector on core {
  channel inbox : file {
    size = 40GiB
  }

  sink files : file_roll {
    directory = "/srv/logs"
    path = "%{host}/%Y-%m-%d"

    roll {
      size = 64MiB
      every = 5m
    }
  }

  inbox -> files
}
"""
AGENT = """\
## Follows one service's log.
agent tailer_{n} on {on} {{
  source access : taildir {{
    files = ["/var/log/service-{n}/access.log"]
  }}

  channel spool : file {{
    size = 4GiB
  }}

  access -> timestamp() -> host() -> spool
}}

tailer_{n}.spool => collector.inbox {{
  port = 4141
}}
"""


@dataclass
class Cost:
    """What one command took."""

    user: float
    cpu: float
    megabytes: float


def one_pattern(hosts: int) -> str:
    """One brace pattern of `hosts` hosts."""
    body = AGENT.format(n="web", on="web")
    return f'hosts web = "web-{{00001..{hosts:05d}}}.example.com"\n\n{body}\n{CORE}'


def groups(hosts: int) -> str:
    """Five hundred host groups with an agent each."""
    each = hosts // 500
    parts = [
        f'hosts group_{n} = "g{n:03d}-{{01..{each:02d}}}.example.com"\n\n'
        + AGENT.format(n=n, on=f"group_{n}")
        for n in range(500)
    ]
    return "\n".join([*parts, CORE])


def separate(hosts: int) -> str:
    """As many agents as hosts; with its host each takes 25 lines."""
    parts = [
        f'hosts host_{n} = ["h{n:05d}.example.com"] {{\n  disk = 100GiB\n  memory = 8GiB\n'
        f'  site = "rack-{n % 100}"\n  user = "flumec"\n  weight = 1\n}}\n\n'
        + AGENT.format(n=n, on=f"host_{n}")
        for n in range(hosts)
    ]
    return "\n".join([*parts, CORE])


def one_agent(sources: int) -> str:
    """One host whose agent has as many sources, channels and sinks."""
    parts = [
        f"""
  source source_{n} : taildir {{
    files = ["/var/log/service-{n}/*.log"]
  }}

  channel spool_{n} : file {{
    size = 1GiB
  }}

  sink files_{n} : file_roll {{
    directory = "/srv/service-{n}"
    path = "%{{host}}"
  }}

  source_{n} -> timestamp() -> host() -> spool_{n}
  spool_{n} -> files_{n}
"""
        for n in range(sources)
    ]
    return f'hosts web = ["web-1.example.com"]\n\nagent many on web {{{"".join(parts)}}}\n'


def spend(*command: str) -> Cost:
    """Run `flumec` and return what it took; stop at anything but success."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, "-m", "flumec.compiler", *command],
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        message = process.stderr.read().decode()[:2000] if process.stderr else ""
        raise SystemExit(f"flumec {' '.join(command)} failed:\n{message}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user = after.ru_utime - before.ru_utime
    return Cost(user, user + after.ru_stime - before.ru_stime, usage.ru_maxrss / 1024)


def median(runs: int, *command: str) -> Cost:
    """Return the medians of several runs."""
    costs = [spend(*command) for _ in range(runs)]
    return Cost(
        *(statistics.median(getattr(c, f) for c in costs) for f in ("user", "cpu", "megabytes"))
    )


def row(name: str, cost: Cost, bound: str) -> None:
    """Print one row of the table."""
    print(f"| {name} | {cost.cpu:.2f} | {cost.megabytes:.0f} | {bound} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="measure lint and build of large fleets")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    shapes: tuple[tuple[str, Callable[[int], str], str, str], ...] = (
        ("one brace pattern", one_pattern, "2", "30"),
        ("500 groups, an agent each", groups, "5", ""),
        ("an agent for each host", separate, "25, 600 MB", "60"),
    )
    print("| what | CPU s | MB | at most |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="flumec-fleets-", dir="/var/tmp") as name:
        small = Path(name) / "small.flow"
        small.write_text(one_pattern(2))
        row("lint, a small file", median(given.runs, "lint", str(small)), "0.4")
        many = Path(name) / "many.flow"
        many.write_text(one_agent(500))
        row("lint, an agent with 500 sources", median(given.runs, "lint", str(many)), "5")
        for title, shape, lint_bound, build_bound in shapes:
            flow = Path(name) / "fleet.flow"
            flow.write_text(shape(given.hosts))
            lines = flow.read_text().count("\n")
            lint = median(given.runs, "lint", str(flow))
            row(f"lint, {title}, {lines:,} lines", lint, lint_bound)
            twice = Path(name) / "twice.flow"
            twice.write_text(shape(given.hosts * 2))
            ratio = median(given.runs, "lint", str(twice)).user / lint.user
            print(
                f"| the same with twice the hosts | {ratio:.2f} times the user time | | 2.2 |",
                flush=True,
            )
            if build_bound:
                dist = f"{name}/dist-{time.monotonic_ns()}"
                first = spend("build", str(flow), "-o", dist)
                row(f"build, {title}", first, build_bound)
                row(
                    "a second build over it",
                    spend("build", str(flow), "-o", dist),
                    f"{2 * first.cpu:.1f}",
                )


if __name__ == "__main__":
    main()
