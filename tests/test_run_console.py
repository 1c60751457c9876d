"""What a person sees of a running fleet."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from flumec.compiler.run import Seen
from flumec.compiler.run.console import Screen, short_names
from flumec.compiler.run.member import Phase
from flumec.compiler.run.rates import Rates
from rich.console import Console

WEB, CORE = "tailer@web-1.example.com", "collector@core-1.example.com"


def seen(name: str, time: float, put: int, held: int = 0, phase: Phase = "ready") -> Seen:
    channel = {"put": put, "delivered": put - held, "held": held, "lag": 1.25}
    parts = {"out": {"failing": "no route to host" if held else ""}}
    state: Mapping[str, Any] = {"time": time, "channels": {"spool": channel}, "parts": parts}
    return Seen(name, 4321, phase, 2, 0, "", state, "")


def test_names_are_short_where_that_is_clear() -> None:
    assert short_names([WEB, CORE]) == {WEB: "tailer@web-1", CORE: "collector@core-1"}
    twins = ["tailer@web-1.east", "tailer@web-1.west"]
    assert short_names(twins) == {name: name for name in twins}


def test_each_line_has_its_agent_before_it_and_no_colour_in_a_file() -> None:
    output = io.StringIO()
    screen = Screen([WEB, CORE], output, watch=False)
    screen.line(WEB, "WARNING access [bold]not markup[/]")
    screen.line(CORE, "a line of another kind")
    assert output.getvalue() == (
        "tailer@web-1     │ WARNING access [bold]not markup[/]\n"
        "collector@core-1 │ a line of another kind\n"
    )


def test_the_table_has_rates_lag_and_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen([WEB, CORE], io.StringIO(), watch=True)
    screen.picture(
        {WEB: seen(WEB, 10.0, 1_000), CORE: Seen(CORE, None, "waiting", 1, 0, "", None, "")}
    )
    picture = screen.picture(
        {
            WEB: seen(WEB, 12.0, 21_000, held=2_000),
            CORE: Seen(CORE, None, "waiting", 1, 0, "", None, ""),
        }
    )
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as captured:
        console.print(picture)
    rows = [line.split() for line in captured.get().splitlines()]
    assert rows == [
        ["agent", "state", "pid", "channel", "in", "in/s", "out/s", "held", "behind"],
        ["tailer@web-1", "ready", "2x", "4321", "spool",
         "21,000", "10,000", "9,000", "2,000", "1.2s"],
        ["collector@core-1", "waiting", "-", "-", "-", "-", "-", "-", "-"],
        ["tailer@web-1", "out:", "no", "route", "to", "host"],
    ]  # fmt: skip


def test_the_table_of_a_busy_fleet_fits_a_small_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen([WEB, CORE], io.StringIO(), watch=True)
    screen.picture({CORE: seen(CORE, 10.0, 11_000_000)})
    picture = screen.picture({CORE: seen(CORE, 12.0, 12_345_678, held=123_456, phase="starting")})
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as captured:
        console.print(picture)
    row = captured.get().splitlines()[1].split()
    assert row == ["collector@core-1", "starting", "2x", "4321", "spool",
                   "12.3M", "673k", "611k", "123k", "1.2s"]  # fmt: skip
    assert "…" not in captured.get()


def test_rates_are_of_the_last_seconds_and_begin_anew_after_a_restart() -> None:
    rates = Rates()
    for second in range(10):
        rates.take({WEB: seen(WEB, float(second), second * (100 if second < 5 else 300))})
    assert rates.of(WEB, "spool") == (300.0, 300.0)
    rates.take({WEB: Seen(WEB, None, "waiting", 1, 0, "", None, "")})
    assert rates.of(WEB, "spool") == (0.0, 0.0)
