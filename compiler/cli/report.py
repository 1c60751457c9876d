"""Findings on the terminal: how many are shown, where, in which colours, and the exit status."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

import click
from flumec.compiler.diagnostic import Diagnostic

MOST = 50
"""How many findings are shown as text; whoever has more mends the first ones first."""


class Report:
    """The findings of one command. `quietly` keeps them off the standard output."""

    def __init__(
        self,
        findings: Sequence[Diagnostic],
        *,
        form: str,
        strict: bool,
        quietly: bool = True,
    ) -> None:
        self._findings = findings
        self._json = form == "json"
        self._quietly = quietly
        self._counts = Counter(finding.severity for finding in findings)
        self.status = int(bool(self._counts["error"] or (strict and self._counts["warning"])))

    def show(self, *said: str) -> None:
        """Print the findings, and after them what else is to be said."""
        if self._json:
            self._show_json(said)
        else:
            self._show_text(said)

    def _show_json(self, said: Sequence[str]) -> None:
        from flumec.compiler.render import as_json

        click.echo(as_json(self._findings, said))

    def _show_text(self, said: Sequence[str]) -> None:
        if self._findings:
            self._show_findings()
        for line in said:
            click.echo(line)

    def _show_findings(self) -> None:
        from flumec.compiler.render import render_text

        stream = sys.stderr if self._quietly else sys.stdout
        colours = has_colours(stream)
        text = render_text(self._findings, colours=colours, most=MOST)
        click.echo(text, file=stream, nl=False, color=colours)
        click.echo(self._summary(), err=True)

    def _summary(self) -> str:
        return ", ".join(
            f"{count:,} {severity}{'' if count == 1 else 's'}"
            for severity in ("error", "warning", "note")
            if (count := self._counts[severity])
        )


def has_colours(stream: TextIO | None) -> bool:
    """Return whether to colour what goes to `stream`: on a terminal, and not with NO_COLOR.

    None stands for one that was closed before flumec started.
    """
    return stream is not None and stream.isatty() and not os.environ.get("NO_COLOR")
