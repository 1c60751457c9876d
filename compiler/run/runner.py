"""`flumec run`: a fleet on a terminal, until it is idle or told to stop."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from flumec.compiler.plan import Plan
from flumec.compiler.run.console import Screen
from flumec.compiler.run.fleet import Fleet, member_name
from flumec.compiler.run.member import Seen

HOPELESS = 5
"""Starts in a row that came to nothing, after which `--until-idle` waits no longer."""

DRAW_EVERY = 0.25

CLEAN = ("", "exit code 0", "signal SIGTERM")
"""How an agent may end that was told to: not running, drained, or not yet listening."""


_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Told:
    """How often the user asked for the end. A handler may do no more than count."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.times += 1


def run_fleet(
    bundle_directory: Path,
    plan: Plan,
    *,
    state: Path,
    secrets: Path | None,
    watch: bool,
    until_idle: bool,
    output: TextIO,
) -> int:
    """Run every agent of the bundle on this machine and print what they log.

    Returns 0 when the fleet was idle (with `until_idle`) or was told to stop and drained; 1 when
    agents had to be killed, or did not come up. The first
    SIGINT, SIGTERM or SIGHUP drains, the second kills. Raises RunError when the fleet cannot be
    started, and OSError, when it has drained, where nobody takes the output any more.
    """
    names = [member_name(agent) for host in plan.hosts for agent in host.agents]
    screen = Screen(names, output, watch=watch)
    fleet = Fleet(
        bundle_directory,
        plan,
        state,
        secrets=secrets,
        on_line=screen.line,
        on_happening=screen.happening,
    )
    try:
        with _told() as told, fleet:
            code = _until_told(fleet, screen, told, until_idle=until_idle)
            code = _drain(fleet, screen, told, code)
    finally:
        screen.show(fleet.agents)
        screen.close()
    if screen.failure is not None:
        raise screen.failure
    return code


@contextmanager
def _told() -> Iterator[_Told]:
    """Count SIGINT, SIGTERM and SIGHUP instead of dying of them; nohup's choice stays."""
    told = _Told()
    heeded = [n for n in _ENDS if signal.getsignal(n) is not signal.SIG_IGN]
    handlers = {n: signal.signal(n, told) for n in heeded}
    try:
        yield told
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _until_told(fleet: Fleet, screen: Screen, told: _Told, *, until_idle: bool) -> int:
    """Draw until there is a reason to stop; return the exit code that it stands for."""
    quiet = fleet.quiet()
    while not told.times and screen.failure is None:
        seen = fleet.agents
        screen.show(seen)
        if until_idle:
            if hopeless := _hopeless(seen):
                screen.say(f"{hopeless} did not stay up in {HOPELESS} starts: giving up")
                return 1
            if fleet.wait(lambda now: quiet.look(list(now.values())), DRAW_EVERY):
                screen.say("idle: every source has nothing new, every channel is empty")
                return 0
        else:
            fleet.wait(lambda _: told.times > 0, DRAW_EVERY)
    screen.say("draining; once more to kill")
    return 0


def _drain(fleet: Fleet, screen: Screen, told: _Told, code: int) -> int:
    """Stop in order, or at once when told a second time."""
    before = told.times
    fleet.request_stop()
    while not fleet.wait(_all_stopped, DRAW_EVERY):
        screen.show(fleet.agents)
        if told.times > max(before, 1):
            screen.say("killing")
            fleet.stop(at_once=True)
            return 1
    return code if all(s.ending in CLEAN for s in fleet.agents.values()) else 1


def _hopeless(fleet: Mapping[str, Seen]) -> str:
    return ", ".join(name for name, seen in fleet.items() if seen.failures >= HOPELESS)


def _all_stopped(fleet: Mapping[str, Seen]) -> bool:
    return all(seen.phase == "stopped" for seen in fleet.values())
