"""Receivers that share the work of some senders, and have others of their own: nobody is said to
last longer than was calculated by hand.
"""

from collections.abc import Mapping

import pytest
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.scenes import Scene

OUT = frozenset({("core", "out")})


def capacity(
    senders: Mapping[str, str], relays: int, cores: int, last: str, each: int = 1
) -> Capacity:
    """Return a fleet whose hosts are at two sites in turn; who sends has 10MiB for 100kB/s."""
    counts = {**dict.fromkeys(senders, each), "relay": relays, "core": cores}
    rooms = {"relay": 4, "core": 40}
    parts = [
        f'hosts {name}_{n} = ["{name}-{n}"] {{\nsite = "{n % 2}"\n}}'
        for name, count in counts.items()
        for n in range(count)
    ]
    for name, count in counts.items():
        source = "source in : http {\nport = 80\ntls = server\n}\nin -> spool\n"
        ends = {"relay": "", "core": "sink out : logger\nspool -> out\n"}.get(name, source)
        on = f"union({', '.join(f'{name}_{n}' for n in range(count))})"
        parts.append(
            f"agent {name} on {on if count > 1 else f'{name}_0'} {{\n"
            f"channel spool : file {{\nsize = {rooms.get(name, 10)}MiB\n}}\n{ends}}}"
        )
    ways = {**{(name, "relay"): how for name, how in senders.items()}, ("relay", "core"): last}
    for port, ((start, end), how) in enumerate(ways.items(), 4000):
        link = f"port = {port}\ntls = mutual\npolicy = {how}"
        parts.append(f"{start}.spool => {end}.spool {{\n{link}\n}}")
    parts += [
        f'check "{name}" {{\nfrom = {name}.in\nto = core.out\nrate = 100kB/s\n'
        "survives = [outage(core.out, 4h)]\n}"
        for name in senders
    ]
    linted = lint_text("\n\n".join(parts) + "\n")
    return Capacity(linted.fleet, Graph(linted.fleet))


def lasts(capacity: Capacity, sender: str, scene: Scene) -> float:
    """Return after how long the source of a sender waits."""
    held = capacity.held((sender, "in"), OUT, scene)
    assert held is not None
    return held.after


def test_what_full_ones_leave_comes_to_the_others_where_they_do_not_begin_at_once() -> None:
    """Behind relays 0 and 2 the core is full after 157s, relay 0 after 180s, and relay 2, to which
    its work comes too, after 195s. The core behind relay 1 is full after 547s with all that is
    left, and not after 1258s, and relay 1 42s later.
    """
    near = "within = host.site"
    senders = {"a": "balance", "near": f"balance\n{near}", "one": "failover"}
    fleet = capacity(senders, relays=3, cores=2, last=f"failover\n{near}")

    assert 250 < lasts(fleet, "near", Scene(OUT)) < 195.5 + 104.9
    assert 400 < lasts(fleet, "a", Scene(OUT)) < 547 + 42 + 104.9


@pytest.mark.parametrize("since", [120, 140, 160, 180])
@pytest.mark.parametrize("last", ["all", "failover\nwithin = host.site"])
def test_where_a_shorter_fault_is_over_there_is_no_more_room_than_before(
    last: str, since: float
) -> None:
    """Nothing was at fault but the sink: as much lies in each channel as if nobody had looked."""
    near = "within = host.site"
    senders = {"a": f"balance\n{near}", "b": f"hash(header.key)\n{near}"}
    fleet = capacity(senders, relays=2, cores=2, last=last, each=2)
    scene = Scene(OUT, earlier=Scene(OUT), since=since)

    for name in senders:
        assert lasts(fleet, name, scene) == pytest.approx(lasts(fleet, name, Scene(OUT)))


def test_the_work_of_a_cut_link_comes_to_nobody() -> None:
    """The core is full after 209.7s, relay 0 after 28s more, and relay 1 after as much again."""
    senders = {"cut": "balance", "b": "balance", "one": "failover"}
    fleet = capacity(senders, relays=2, cores=1, last="failover")
    scene = Scene(OUT, cut=frozenset({("cut", "spool")}))

    assert lasts(fleet, "b", scene) == pytest.approx(209.7 + 2 * 28 + 104.9, abs=0.5)
