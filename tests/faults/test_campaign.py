"""Agents under load, killed at steps of their work: every line once, whole and in order.

`make faults` kills some hundred times; here are a few, so that each change meets them.
"""

from pathlib import Path

import pytest
from faults.campaign import Campaign
from faults.fleets import FLEETS


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("fleet", "kills"),
    [
        pytest.param("linked", 1, marks=pytest.mark.slow),
        pytest.param("linked", 40, marks=pytest.mark.slow),
        pytest.param("feed", 40, marks=pytest.mark.slow),
    ],
)
def test_killed_agents_lose_and_repeat_nothing(tmp_path: Path, fleet: str, kills: int) -> None:
    campaign = Campaign(FLEETS[fleet], tmp_path, seed=kills)
    verdict = campaign.run(kills, seconds=200)

    assert verdict.examples == []
    assert verdict.good
    assert verdict.written == verdict.arrived > 1000
    assert len(campaign.kills) >= kills
    assert sum(kill.aimed for kill in campaign.kills) > kills // 2
    assert min(campaign.in_flight) > 0
