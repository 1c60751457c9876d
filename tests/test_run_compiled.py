"""A compiled fleet on this machine: two hops, until it is idle, and once more from where it was."""

import io
import signal
import socket
from pathlib import Path

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.plan import Plan
from flumec.compiler.run import Fleet, loopback_addresses
from flumec.compiler.run.runner import run_fleet

FLOW = """
param port : number
param total : number
param store : path

hosts web = ["web-1.example.com", "web-2.example.com"]
hosts core = ["core-1.example.com"]

agent counter on web {
  source numbers : seq {
    total = "${total}"
  }

  channel spool : file {
    size = 16MiB
  }

  numbers -> host() -> spool
}

agent collector on core {
  channel inbox : file {
    size = 16MiB
  }

  sink files : file_roll {
    directory = "${store}"
    path = "%{host}"

    roll {
      idle = 200ms
    }
  }

  inbox -> files
}

counter.spool => collector.inbox {
  port = 4141
  tls = mutual
}
"""


def compiled(tmp_path: Path, total: int) -> Plan:
    """Compile the fleet for this machine, with a port that is free, and write its bundle."""
    with socket.create_server(("127.71.0.3", 0)) as probe:
        port = probe.getsockname()[1]
    text = FLOW.replace("port = 4141", f"port = {port}").replace('"${total}"', str(total))
    text = text.replace("param port : number\nparam total : number\n", "")
    options = Options(sets={"store": str(tmp_path / "store")})
    result = compile_text(text, options=options, addresses=loopback_addresses)
    assert result.plan is not None, result.diagnostics
    write_bundle(emit(result.plan), tmp_path / "dist")
    return result.plan


def arrived(tmp_path: Path, host: str) -> list[int]:
    """Return the numbers in one host's published files, sorted."""
    found = (tmp_path / "store" / host).rglob("*")
    files = [path for path in found if path.is_file() and ".flumec" not in path.parts]
    return sorted(int(line) for path in files for line in path.read_bytes().splitlines())


@pytest.mark.slow
def test_a_fleet_runs_until_it_is_idle_and_then_goes_on(tmp_path: Path) -> None:
    for total in (2_000, 3_000):
        plan = compiled(tmp_path, total)
        output = io.StringIO()
        code = run_fleet(
            tmp_path / "dist", plan, state=tmp_path / "state", secrets=None, watch=False,
            until_idle=True, output=output,
        )  # fmt: skip
        assert code == 0, output.getvalue()
        for host in ("web-1.example.com", "web-2.example.com"):
            assert arrived(tmp_path, host) == list(range(total))


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["counter@web-1.example.com", "collector@core-1.example.com"])
def test_a_kill_under_way_loses_and_repeats_nothing(tmp_path: Path, agent: str) -> None:
    total = 200_000
    with Fleet(tmp_path / "dist", compiled(tmp_path, total), tmp_path / "state") as fleet:
        assert fleet.wait(lambda seen: seen[agent].phase == "ready", 60)
        assert fleet.kill(agent, signal.SIGKILL) is not None
        assert fleet.wait(lambda seen: seen[agent].starts == 2, 60)
        assert fleet.wait_idle(100)
        inbox = fleet.agents["collector@core-1.example.com"].channels["inbox"]
        assert inbox["put"] == inbox["delivered"] == 2 * total
    for host in ("web-1.example.com", "web-2.example.com"):
        assert arrived(tmp_path, host) == list(range(total))
