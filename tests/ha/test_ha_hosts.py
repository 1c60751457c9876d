"""The pair on real hosts: whatever befalls them, what was answered is in the store once."""

import importlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from examples_of import importable
from fleet.hosts.hosts import Hosts
from ha.pair_on_hosts import AGENTS, Pair, binds

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

GENTLE = ("kill", "kill", "upgrade")
ROUGH = ("kill", "power", "power", "cut", "cut", "cut", "cable", "upgrade")


@pytest.fixture
def pair(hosts: Callable[..., Hosts], tmp_path: Path) -> Pair:
    up = hosts(*AGENTS, "client", binds=binds())
    return Pair(up, tmp_path, seed=7)


def run(pair: Pair, kinds: Sequence[str], faults: int) -> None:
    pair.install()
    pair.start_clients()
    pair.wait(4)
    for _ in range(faults):
        pair.strike(kinds)
        pair.wait(2)


def judged(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Any:
    importable(monkeypatch, "ha_pair")
    work = pair.finish(120)
    late = map(json.loads, (work / "late.jsonl").read_text().splitlines())
    records = sorted((work / "records").iterdir())
    verdict = importlib.import_module("verdict").judge(records, work / "store", late)
    print(f"{verdict}; {verdict.answered:,} answered, {verdict.late} late", dict(verdict.answers))
    return verdict


def test_agents_die_and_are_upgraded_and_no_client_is_refused(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(pair, GENTLE, 5)
    verdict = judged(pair, monkeypatch)
    assert verdict.good, verdict.examples
    assert verdict.refused == 0, verdict.answers
    assert verdict.answered > 200


def test_machines_without_power_and_cut_off_lose_and_double_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(pair, ROUGH, 8)
    verdict = judged(pair, monkeypatch)
    assert verdict.good, verdict.examples
    assert verdict.answered > 200
