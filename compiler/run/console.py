"""What a person sees of a running fleet: log lines by agent, and with `--watch` a live table."""

from collections.abc import Mapping, Sequence
from typing import TextIO

from flumec.compiler.run.member import Happening, Seen
from flumec.compiler.run.rates import Rates
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

_COLOURS = ("cyan", "magenta", "green", "blue", "yellow", "bright_cyan", "bright_magenta")
_LEVELS = {"WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red", "DEBUG": "dim"}
_PHASES = {"ready": "green", "starting": "yellow", "waiting": "red", "stopping": "yellow"}
_HAPPENINGS = {"died": "bold red", "silent": "bold red"}


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return `tailer@web-1` for `tailer@web-1.example.com`, where no other agent would be that."""
    short = {name: _first_label(name) for name in names}
    taken = list(short.values())
    return {name: s if taken.count(s) == 1 else name for name, s in short.items()}


def _first_label(name: str) -> str:
    agent, _, host = name.partition("@")
    return f"{agent}@{host.partition('.')[0]}"


class Screen:
    """Prints lines with the agent's name before them, in colour on a terminal, above the table."""

    def __init__(self, names: Sequence[str], output: TextIO, *, watch: bool) -> None:
        self._short = short_names(names)
        self._width = max(map(len, self._short.values()), default=0)
        self._colour = {n: _COLOURS[i % len(_COLOURS)] for i, n in enumerate(names)}
        self._console = Console(file=output, highlight=False, markup=False, soft_wrap=True)
        self._rates = Rates()
        self._live: Live | None = None
        if watch and self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=False)
            self._live.start()

    def line(self, agent: str, text: str) -> None:
        """Print one line that an agent wrote."""
        level, space, rest = text.partition(" ")
        shown = Text(level + space, style=_LEVELS.get(level, ""))
        self._print(agent, shown.append(rest, style=""))

    def happening(self, happening: Happening) -> None:
        """Print what happened to an agent."""
        style = _HAPPENINGS.get(happening.what, "dim")
        self._print(happening.agent, Text(f"{happening.what}: {happening.text}", style=style))

    def say(self, text: str) -> None:
        """Print a line of the runner's own."""
        self._console.print(Text(text, style="bold"))

    def show(self, fleet: Mapping[str, Seen]) -> None:
        """Draw the table anew, where there is one."""
        if self._live is not None:
            self._live.update(self.picture(fleet), refresh=True)

    def picture(self, fleet: Mapping[str, Seen]) -> Group:
        """Return the table, and below it why components cannot work."""
        self._rates.take(fleet)
        return Group(self._table(fleet), *self._reasons(fleet))

    def _table(self, fleet: Mapping[str, Seen]) -> Table:
        """Return one row for each channel of each agent."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("agent", "state", "pid", "channel"):
            table.add_column(heading, no_wrap=True)
        for heading in ("in", "in/s", "out/s", "held", "behind"):
            table.add_column(heading, justify="right", no_wrap=True)
        for name, seen in fleet.items():
            starts = f" {seen.starts}x" if seen.starts > 1 else ""
            state = Text(seen.phase + starts, style=_PHASES.get(seen.phase, "dim"))
            first = (self._short[name], state, str(seen.pid or "-"))
            rows = [_channel(c, each, self._rates.of(name, c)) for c, each in seen.channels.items()]
            for number, row in enumerate(rows or [("-",) * 6]):
                table.add_row(*(first if number == 0 else ("",) * 3), *row)
        return table

    def _reasons(self, fleet: Mapping[str, Seen]) -> list[Text]:
        """Return a line for each component that cannot work."""
        return [
            Text(f"{self._short[name]} {reason}", style="yellow")
            for name, seen in fleet.items()
            for reason in _failing(seen)
        ]

    def close(self) -> None:
        """Leave the last table standing."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _print(self, agent: str, text: Text) -> None:
        prefix = Text(f"{self._short[agent]:<{self._width}} │ ", style=self._colour[agent])
        self._console.print(prefix.append_text(text))


def _channel(
    name: str, channel: Mapping[str, float], rate: tuple[float, float]
) -> tuple[str, str, str, str, str, str]:
    came, went = rate
    put, held = f"{channel['put']:,}", f"{channel['held']:,}"
    return name, put, f"{came:,.0f}", f"{went:,.0f}", held, f"{channel['lag']:.1f}s"


def _failing(seen: Seen) -> list[str]:
    parts = (seen.state or {}).get("parts", {})
    return [f"{name}: {part['failing']}" for name, part in parts.items() if part["failing"]]
