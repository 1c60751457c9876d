"""What a `spill` channel has in memory is written to disk at a stop, if there is room for it."""

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims

FLEET = """
hosts edge_hosts = ["e1"]

agent edge on edge_hosts {
  source numbers : seq
  channel live : spill {
    memory = 64MiB
    size = SIZE
  }
  sink out : file_roll {
    directory = "/srv/out"
  }

  numbers -> live
  live -> out
}
"""


@pytest.mark.parametrize(("size", "loses"), [("32MiB", True), ("64MiB", False), ("1GiB", False)])
def test_a_stop_loses_nothing_as_long_as_the_disk_has_room(size: str, loses: bool) -> None:
    result = lint_text(FLEET.replace("SIZE", size))
    assert result.fleet is not None, result.diagnostics

    (claim,) = claims(Graph(result.fleet))

    room = "when an agent is stopped, `size` of its `spill` channels has room for their memory"
    assert (Failure.BUNDLE_CHANGED in claim.worst) is loses
    assert (room in claim.assuming) is not loses
