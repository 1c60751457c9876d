"""What a shorter fault left waiting lies, once it is over, where queues have it that are filled
second by second: no channel is said to last longer than one does.
"""

from math import inf

import pytest
from capacity.shorter import MIB, Fleet, Sender, draw, run, text
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Host
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.room import Room
from flumec.compiler.proofs.scenes import Scene
from flumec.compiler.proofs.settling import Settling


def computed(fleet: Fleet) -> list[float]:
    """Return after how long a source of each agent waits, as the compiler has it."""
    linted = lint_text(text(fleet))
    wrong = [one for one in linted.diagnostics if one.code[:3] in ("FL0", "FL1", "FL2", "FL5")]
    assert not wrong, (wrong[0].message, text(fleet))
    sink = ("core" if fleet.core_room else "relay", "out")
    cut = {(f"s{number}", "spool") for number, one in enumerate(fleet.senders) if one.cut}
    cut |= {("relay", "spool")} if fleet.core_cut else set()
    dead = frozenset(("relay", f"r-{host}") for host in range(fleet.dead))
    earlier = Scene(frozenset({sink}), dead, frozenset(cut))
    scene = Scene(frozenset({sink}), earlier=earlier, since=float(fleet.shorter))
    capacity = Capacity(linted.fleet, Graph(linted.fleet))
    sources = [(f"s{number}", "numbers") for number in range(len(fleet.senders))]
    found = [capacity.held(source, scene.out, scene) for source in sources]
    return [inf if held is None else held.after for held in found]


def test_what_one_sender_had_to_keep_takes_the_room_of_another() -> None:
    """Both bring 200kB/s, one of them ten minutes' worth at once: the relay is full as if that had
    come in time, after 8,389s; each then has room for 1,049s.
    """
    cut, other = (Sender(1, 100 * MIB, 100_000, "failover", cut) for cut in (True, False))
    fleet = Fleet([cut, other], 1, 1600 * MIB, dead=0, core_room=0, core_cut=False, shorter=600)

    full = 1600 * MIB / 200_000 + 100 * MIB / 100_000

    assert computed(fleet) == pytest.approx([full, full])
    assert run(fleet) == pytest.approx([full, full], abs=3)


def tiers(count: int, depth: int) -> str:
    """Return a fleet in which all hosts of a tier share what those of the one before send."""
    parts = []
    for tier in range(depth):
        source = "source numbers : http {\nport = 80\ntls = server\n}\nnumbers -> spool\n"
        sink = "sink out : logger\nspool -> out\n"
        ends = source if not tier else sink if tier == depth - 1 else ""
        parts.append(
            f'hosts h{tier} = "h{tier}-{{1..{count}}}"\n\n'
            f"agent t{tier} on h{tier} {{\nchannel spool : file {{\nsize = 10MiB\n}}\n{ends}}}"
        )
        if tier:
            link = f"port = {4000 + tier}\npolicy = balance\ntls = mutual"
            parts.append(f"t{tier - 1}.spool => t{tier}.spool {{\n{link}\n}}")
    last = f"t{depth - 1}.out"
    parts.append(
        f'check "c" {{\nfrom = t0.numbers\nto = {last}\nrate = 100kB/s\n'
        f"survives = [outage({last}, 4h), cut(t0.spool, 5m)]\n}}"
    )
    return "\n\n".join(parts) + "\n"


def test_each_host_is_asked_once_what_it_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On 4 ways to 4 hosts, and from each to 4: by each way anew that would be 124 times."""
    asked = []

    def most(self: Settling, node: Node, host: Host, room: Room) -> float:
        asked.append(host.name)
        return before(self, node, host, room)

    before = Settling._most
    monkeypatch.setattr(Settling, "_most", most)
    lint_text(tiers(4, depth=4))

    assert 0 < len(asked) <= 2 * 4 * 4


@pytest.mark.parametrize(
    "block", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 40))]
)
def test_no_random_fleet_is_said_to_last_longer_than_its_queues_do(block: int) -> None:
    near = whole = 0
    for seed in range(block * 15, (block + 1) * 15):
        fleet = draw(seed)
        turns = [run(fleet, first=first) for first in range(len(fleet.senders))]
        for said, seen in zip(computed(fleet), map(min, zip(*turns, strict=True)), strict=True):
            assert said <= seen + 4 + 0.005 * seen, (seed, said, seen, text(fleet))
            near += said >= seen - 4 - 0.05 * seen
            whole += 1

    assert near >= 0.7 * whole
