"""Links that are secured alike share a listener, however they say so."""

from pathlib import Path

import pytest
from flumec.compiler.bind import bind
from flumec.compiler.inputs import in_memory
from flumec.compiler.model import Host
from flumec.compiler.options import Options
from flumec.compiler.wires import Wires

TEXT = Path(__file__).parent.joinpath("diagnostics/ports_shared.flow").read_text()


@pytest.mark.parametrize(("third", "listeners"), [("  tls = none\n", 1), ("  tls = mutual\n", 2)])
def test_none_and_nothing_said_are_one(third: str, listeners: int) -> None:
    text = TEXT.replace("  tls = mutual\n", third)
    fleet, _ = bind([Path("a.flow")], Options(), in_memory({"a.flow": text}))
    collector = fleet.agents["collector"]

    halves = Wires(fleet, address, str).receiving(collector, collector.hosts.hosts[0])

    assert len(halves) == listeners
    assert sum(len(half.links) for half in halves) == 3


def address(host: Host) -> str:
    """Return where a host is reached."""
    return host.address
