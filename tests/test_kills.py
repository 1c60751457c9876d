"""Sixty kills, twenty for each of three agents, while lines flow: every line once, in order."""

import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from examples_of import importable
from flumec.compiler.run import Seen

KILLS = int(os.environ.get("FLUMEC_KILLS", "20"))
SECONDS = float(os.environ.get("FLUMEC_KILL_SECONDS", "100"))
LINES_PER_SECOND = 1500

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("loopback"),
    pytest.mark.xdist_group("demo"),
]


@pytest.fixture
def weblogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the example's modules be imported as its scripts do."""
    importable(monkeypatch, "weblogs")


@pytest.mark.usefixtures("weblogs")
def test_every_line_arrives_once_through_kills(tmp_path: Path) -> None:
    from scenario import Scenario

    scenario = Scenario(tmp_path)
    try:
        scenario.fleet.start()
        assert scenario.fleet.wait_ready(30)
        scenario.start_traffic(int(SECONDS * LINES_PER_SECOND), SECONDS, rotations=5)
        left = dict.fromkeys(scenario.fleet.agents, KILLS)

        def choose(agents: Mapping[str, Seen]) -> list[str]:
            """The agents that have kills left and something unacknowledged or a roll open."""
            return [n for n, s in agents.items() if left[n] and s.phase == "ready" and s.held > 0]

        began, pause = time.monotonic(), 0.9 * SECONDS / (3 * KILLS)
        while any(left.values()) and scenario.writing:
            if kill := scenario.kill(choose, timeout=10):
                left[kill.agent] -= 1
            due = began + pause * (len(scenario.kills) + random.uniform(-0.5, 0.5))
            time.sleep(max(0.0, due - time.monotonic()))  # a slow machine catches up
        verdict = scenario.finish(120)
    except BaseException:
        scenario.abandon()
        raise

    phases = Counter((kill.agent, kill.phase) for kill in scenario.kills)
    for (agent, phase), count in sorted(phases.items()):
        print(f"{count:3d} kills of {agent} with {phase}", file=sys.stderr)
    print(
        f"{verdict.written:,} lines written, {verdict.arrived:,} arrived: {verdict}",
        file=sys.stderr,
    )
    assert verdict.good, verdict.examples
    assert not any(left.values()), f"kills that did not happen: {left}"
    sums = {name: channel_sums(text) for name, text in scenario.metrics.items()}
    for name, sum_of in sums.items():
        done = sum(sum_of[key] for key in ("delivered", "dropped", "dead_lettered", "held"))
        assert sum_of["put"] == done, f"{name} does not balance: {sum_of}"
    tailers = [sum_of for name, sum_of in sums.items() if name.startswith("tailer")]
    assert sum(sum_of["put"] for sum_of in tailers) == verdict.written
    assert sums["collector@core-1.example.com"]["delivered"] == verdict.arrived


def channel_sums(metrics: str) -> dict[str, int]:
    """Return an agent's channel counters from its Prometheus page, by their words."""
    pattern = r"flumec_channel_(\w+?)_events(?:_total)?\{.*\} (\S+)"
    return {word: int(float(value)) for word, value in re.findall(pattern, metrics)}
