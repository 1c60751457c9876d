"""What a person sees of a running fleet: log lines by agent, and with `--watch` a live table."""

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TextIO

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


WIDE = 100
"""Columns from which on the table has room for whole numbers, and two blanks between them."""


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return `tailer@web-1` for `tailer@web-1.example.com`, where no other agent would be that."""
    short = {name: _first_label(name) for name in names}
    taken = list(short.values())
    return {name: s if taken.count(s) == 1 else name for name, s in short.items()}


def _first_label(name: str) -> str:
    agent, _, host = name.partition("@")
    return f"{agent}@{host.partition('.')[0]}"


class _Terminal(Console):
    """A console that raises where its reader has gone, rather than end the process."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error again that is being handled."""
        raise  # noqa: PLE0704 called by rich while it handles BrokenPipeError


class Screen:
    """Prints lines with the agent's name before them, in colour on a terminal, above the table.

    A fleet is not to suffer from its screen: what cannot be written is left out, and `failure`
    says why.
    """

    def __init__(self, names: Sequence[str], output: TextIO, *, watch: bool) -> None:
        self._short = short_names(names)
        self._width = max(map(len, self._short.values()), default=0)
        self._colour = {n: _COLOURS[i % len(_COLOURS)] for i, n in enumerate(names)}
        self.failure: OSError | None = None
        self._console = _Terminal(file=output, highlight=False, markup=False, soft_wrap=True)
        self._rates = Rates()
        self._live: Live | None = None
        if watch and self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=False)
            self._write(self._live.start)

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
        self._write(lambda: self._console.print(Text(text, style="bold")))

    def show(self, fleet: Mapping[str, Seen]) -> None:
        """Draw the table anew, where there is one."""
        if (live := self._live) is not None:
            self._write(lambda: live.update(self.picture(fleet), refresh=True))

    def picture(self, fleet: Mapping[str, Seen]) -> Group:
        """Return the table, and below it why components cannot work."""
        self._rates.take(fleet)
        return Group(self._table(fleet), *self._reasons(fleet))

    def _table(self, fleet: Mapping[str, Seen]) -> Table:
        """Return one row for each channel of each agent."""
        narrow = self._console.width < WIDE
        table = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=narrow)
        for heading in ("agent", "state", "pid", "channel"):
            table.add_column(heading, no_wrap=True)
        for heading in ("in", "in/s", "out/s", "held", "behind"):
            table.add_column(heading, justify="right", no_wrap=True)
        for name, seen in fleet.items():
            starts = f" {seen.starts}x" if seen.starts > 1 else ""
            state = Text(seen.phase + starts, style=_PHASES.get(seen.phase, "dim"))
            first = (self._short[name], state, str(seen.pid or "-"))
            rows = [
                _channel(c, each, self._rates.of(name, c), _rounded if narrow else _whole)
                for c, each in seen.channels.items()
            ]
            for number, row in enumerate(rows or [("-",) * 6]):
                table.add_row(*(first if number == 0 else ("",) * 3), *row)
        return table

    def _reasons(self, fleet: Mapping[str, Seen]) -> list[Text]:
        """Return a line for each component that cannot work."""
        return [
            Text(f"{self._short[name]} {reason}", "yellow", no_wrap=True, overflow="ellipsis")
            for name, seen in fleet.items()
            for reason in _failing(seen)
        ]

    def close(self) -> None:
        """Leave the last table standing."""
        if self._live is not None:
            self._write(self._live.stop)
            self._live = None

    def _print(self, agent: str, text: Text) -> None:
        prefix = Text(f"{self._short[agent]:<{self._width}} │ ", style=self._colour[agent])
        self._write(lambda: self._console.print(prefix.append_text(text)))

    def _write(self, write: Callable[[], None]) -> None:
        if self.failure is None:
            try:
                write()
            except OSError as error:
                self.failure = error


def _channel(
    name: str,
    channel: Mapping[str, float],
    rate: tuple[float, float],
    shown: Callable[[float], str],
) -> tuple[str, ...]:
    numbers = (channel["put"], *rate, channel["held"])
    return name, *map(shown, numbers), f"{channel['lag']:.1f}s"


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _rounded(number: float) -> str:
    """Return a number in at most six characters.

    >>> _rounded(99_999), _rounded(123_456), _rounded(12_345_678), _rounded(1_234_567_890)
    ('99,999', '123k', '12.3M', '1235M')
    """
    if number < 100_000:
        return _whole(number)
    if number < 1_000_000:
        return f"{number / 1e3:.0f}k"
    return f"{number / 1e6:.1f}M" if number < 1e9 else f"{number / 1e6:.0f}M"


def _failing(seen: Seen) -> list[str]:
    parts = (seen.state or {}).get("parts", {})
    return [f"{name}: {part['failing']}" for name, part in parts.items() if part["failing"]]
