"""What may happen to a fleet of real hosts: a kind, a place, how it begins and how it ends."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fleet.hosts.hosts import Hosts

CORE = ("core1", "core2")
WEB = ("web1", "web2")
STORE = "store1"
ALL = (*WEB, *CORE, STORE)
SMALL = "/var/lib"
"""The collectors' file system that is filled: it has their journals."""

_FILLER = f"{SMALL}/filler"


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Fault:
    """One thing that happens, holds for a while, and is over."""

    kind: str
    where: str
    strike: Callable[[], None]
    seconds: float = 0.0
    """How long it holds before it is undone."""
    undo: Callable[[], None] = _nothing
    away: tuple[str, ...] = ()
    """Hosts that answer nobody meanwhile, whatever the agents do."""

    def __str__(self) -> str:
        return f"{self.kind} {self.where}"


def killed(hosts: Hosts, name: str) -> Fault:
    """Kill a host's agent, as the kernel does when memory is short; systemd starts it again."""
    return Fault("agent killed", name, lambda: _kill(hosts, name), 2.0)


def _kill(hosts: Hosts, name: str) -> None:
    hosts.must(name, "systemctl kill -s KILL 'flumec-*.service'")


def powered_off(hosts: Hosts, name: str, seconds: float) -> Fault:
    """All processes of a host die at once; it boots from its disk."""
    return Fault(
        "power off", name, lambda: hosts.stop(name, kill=True), seconds,
        lambda: hosts.start(name), (name,),
    )  # fmt: skip


def cut(hosts: Hosts, a: str, b: str, seconds: float) -> Fault:
    """Lose, silently, what two hosts send each other."""
    return Fault(
        "cut", f"{a} ✕ {b}", lambda: hosts.cut(a, b), seconds, lambda: hosts.heal(a, b)
    )  # fmt: skip


def cut_one_way(hosts: Hosts, a: str, b: str, seconds: float) -> Fault:
    """Lose what one sends to the other; the other direction works."""
    return Fault(
        "cut one way", f"{a} → {b}", lambda: hosts.cut(a, b, one_way=True), seconds,
        lambda: hosts.heal(a, b),
    )  # fmt: skip


def cut_off(hosts: Hosts, name: str, seconds: float) -> Fault:
    """Cut a web host from both collectors."""

    def strike() -> None:
        for other in CORE:
            hosts.cut(name, other)

    def undo() -> None:
        for other in CORE:
            hosts.heal(name, other)

    return Fault("cut from both", name, strike, seconds, undo)


def filled(hosts: Hosts, name: str, seconds: float) -> Fault:
    """Take all room that a collector's disk has left."""
    fill = f"fallocate -l $(df --output=avail -B1 {SMALL} | tail -1) {_FILLER}; sync -f {SMALL}"
    return Fault(
        "disk filled", name, lambda: _ignore(hosts.must(name, fill)), seconds,
        lambda: _ignore(hosts.must(name, f"rm {_FILLER}")),
    )  # fmt: skip


def _ignore(_: object) -> None:
    pass


def together(first: Fault, second: Fault) -> Fault:
    """Have two happen at once; both hold as long as the longer one."""

    def strike() -> None:
        first.strike()
        second.strike()

    def undo() -> None:
        second.undo()
        first.undo()

    return Fault(
        "both at once", f"{first}, {second}", strike, max(first.seconds, second.seconds), undo,
        (*first.away, *second.away),
    )  # fmt: skip


def each_kind(hosts: Hosts, hold: float) -> Iterator[Fault]:
    """Yield each kind once; a cut holds long enough to be noticed as silence."""
    yield killed(hosts, "web1")
    yield killed(hosts, "core1")
    yield killed(hosts, STORE)
    yield powered_off(hosts, "core2", hold / 2)
    yield cut(hosts, "web1", "core1", hold)
    yield cut_one_way(hosts, "web2", "core2", hold)
    yield cut_one_way(hosts, "core1", "web1", hold)
    yield cut_off(hosts, "web2", hold)
    yield filled(hosts, "core1", hold / 2)
    yield powered_off(hosts, "web2", hold / 3)
    yield powered_off(hosts, STORE, hold / 3)


def everywhere(hosts: Hosts, hold: float) -> Iterator[Fault]:
    """Yield each kind at each place where it may be."""
    for name in ALL:
        yield killed(hosts, name)
        yield powered_off(hosts, name, hold / 2)
    for name in CORE:
        yield filled(hosts, name, hold)
        yield cut(hosts, name, STORE, hold)
    for web in WEB:
        yield cut_off(hosts, web, hold)
        for core in CORE:
            yield cut(hosts, web, core, hold)
            yield cut_one_way(hosts, web, core, hold)
            yield cut_one_way(hosts, core, web, hold)


def mixed(hosts: Hosts, rng: random.Random, hold: float) -> Iterator[Fault]:
    """Yield two at once, of any kinds at any places, for ever."""
    while True:
        one, other = rng.sample(ALL, 2)
        web, core = rng.choice(WEB), rng.choice(CORE)
        yield together(
            rng.choice([killed(hosts, one), powered_off(hosts, one, hold / 2)]),
            rng.choice(
                [
                    killed(hosts, other),
                    powered_off(hosts, other, hold / 2),
                    cut(hosts, web, core, hold),
                    cut(hosts, core, STORE, hold),
                    cut_one_way(hosts, web, core, hold),
                    cut_one_way(hosts, core, web, hold),
                    cut_off(hosts, web, hold),
                ]
            ),
        )
