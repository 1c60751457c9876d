"""Findings on the terminal: how many are shown, where, in which colours, and the exit status."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click
from flumec.compiler.diagnostic import Diagnostic

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")
"""What `--format` takes; docs/ci.md says who reads which."""

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
        files: Sequence[Path] = (),
    ) -> None:
        self._findings = findings
        self._form = form
        self._strict = strict
        self._quietly = quietly
        self._files = [str(path) for path in files]
        self._counts = Counter(finding.severity for finding in findings)
        self.status = int(bool(self._counts["error"] or (strict and self._counts["warning"])))

    def show(self, *said: str) -> None:
        """Print the findings, and after them what else is to be said."""
        if self._form == "text":
            self._show_text(said)
            return
        click.echo(self._rendered(said), nl=self._form != "github")
        if self._form != "json":  # the others have no place for it
            for line in said:
                click.echo(line, err=True)

    def _rendered(self, said: Sequence[str]) -> str:
        """Return the findings as a program reads them; each form is imported when it is used."""
        match self._form:
            case "sarif":
                from flumec.compiler.render_sarif import as_sarif

                return as_sarif(self._findings)
            case "github":
                from flumec.compiler.render_github import as_github

                return as_github(self._findings)
            case "gitlab":
                from flumec.compiler.render_gitlab import as_gitlab

                return as_gitlab(self._findings)
            case "junit":
                from flumec.compiler.render_junit import as_junit

                return as_junit(self._findings, self._files, strict=self._strict)
            case _:
                from flumec.compiler.render import as_json

                return as_json(self._findings, said)

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
