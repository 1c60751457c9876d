"""Real hosts under load lose and double nothing. `make fleet` does more; here are a few faults."""

import os

import pytest
import thorough
from fleet.campaign import Campaign, Struck
from fleet.faults import cut_off, killed, powered_off
from fleet.hosts.needs import missing
from fleet.staging import NoWheelsError
from fleet.standing import standing
from servers.jars import required


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(thorough.PART < 1, reason="`make fleet-quick` does more")
def test_real_hosts_under_load_lose_and_double_nothing() -> None:
    if reason := missing("nginx", "logrotate"):
        pytest.skip(reason)
    try:
        _run()
    except NoWheelsError as problem:
        if required():
            raise
        pytest.skip(str(problem))


def _run() -> None:
    told: list[Struck] = []
    with standing(f"f{os.getpid()}") as (hosts, staging):
        campaign = Campaign(hosts, rate=200, seed=1, say=told.append)
        campaign.start()
        faults = [
            killed(hosts, "core1"),
            powered_off(hosts, "web2", 2.0),
            cut_off(hosts, "web1", 3.0),
            staging.upgraded(hosts),
        ]
        campaign.run(faults, patience=60)
        drained = campaign.finish(patience=60)
        lanes = campaign.verdict()
        assert [example for lane in lanes for example in lane.examples if not lane.good] == []
        assert all(lane.good for lane in lanes)
        assert campaign.books.wrong == []
        assert campaign.books.looks > 10
        assert all(lane.expected > 100 for lane in lanes)
        assert drained
        assert [struck.fault for struck in told] == faults
        assert all(struck.flight.events for struck in told)
        assert campaign.refused == 0
