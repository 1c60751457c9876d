"""`flumec test`: run the test blocks, and say what came instead of what they expect."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flumec.compiler.cli.arguments import FILE, FOLDER, fleet_arguments, opened, options
from flumec.compiler.cli.failures import CannotRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flumec.compiler.diagnostic import Diagnostic
    from flumec.compiler.trials.running import Outcome, Runs


@click.command("test", short_help="Run the test blocks, in one process and in no time.")
@fleet_arguments
@click.option("-k", "pattern", metavar="PATTERN", default="", help="Run tests titled like that.")
@click.option(
    "-j", "workers", metavar="N", type=click.IntRange(1), default=None,
    help="How many run at a time (default: as many as there are processors).",
)  # fmt: skip
@click.option("--junit", metavar="FILE", type=FILE, help="Write a JUnit report as well.")
@click.option(
    "--keep", metavar="FOLDER", type=FOLDER,
    help="Write what sinks published there: an empty folder, or a new one.",
)  # fmt: skip
@click.option(
    "--seed", metavar="N", type=int, default=0, show_default=True,
    help="What chance is made from: who is first where several could be.",
)  # fmt: skip
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    pattern: str,
    workers: int | None,
    junit: Path | None,
    keep: Path | None,
    seed: int,
    **rules: Any,
) -> int:
    """Run the test blocks of the fleet that the files describe together.

    Each runs the generated agents, with their real channels and journals, under a clock that leaps
    over waiting. The same seed is the same course.
    """
    from flumec.compiler.build import compile_fleet
    from flumec.compiler.trials.junit import report
    from flumec.compiler.trials.running import Runs

    compiled = compile_fleet(flow, options(sets, flowvars, flow, **rules), opened(flow, flowvars))
    if compiled.plan is None:
        _stop(compiled.diagnostics, junit)
        return 1
    trials = [t for t in compiled.fleet.trials if pattern.lower() in t.title.lower()]
    if pattern and not trials:
        raise CannotRun(f"no test is titled like `{pattern}`")
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise CannotRun(f"`{keep}` is not empty: name a folder that is, or a new one")
    if keep is not None:
        _make(keep)
    runs = Runs(compiled.fleet, compiled.plan, trials, seed, keep)
    outcomes = _run(runs, workers or os.cpu_count() or 1)
    if junit is not None:
        _write(junit, report(trials, outcomes, seed))
    return int(not all(outcome.passed for outcome in outcomes))


def _stop(findings: "Sequence[Diagnostic]", junit: Path | None) -> None:
    """Say why no test can run; a report has a case for each error, or a CI would show nothing."""
    from flumec.compiler.cli.report import Report
    from flumec.compiler.render_junit import as_junit

    Report(findings, form="text", strict=False, quietly=True).show()
    if junit is not None:
        errors = [finding for finding in findings if finding.severity == "error"]
        _write(junit, f"{as_junit(errors, (), strict=False)}\n")


def _run(runs: "Runs", workers: int) -> "list[Outcome]":
    """Run all, show each as it ends, and those that failed at the end; return them in order."""
    import time

    from flumec.compiler.cli.report import has_colours
    from flumec.compiler.render import as_text, one_line

    began, found = time.perf_counter(), []
    for outcome in runs.all(workers):
        found.append(outcome)
        trial = runs.trials[outcome.number]
        word = "ok" if outcome.passed else "FAILED"
        click.echo(f"{word:6} {one_line(trial.title)} ({outcome.seconds:.2f}s)")
    found.sort(key=lambda outcome: outcome.number)
    colours = has_colours(sys.stdout)
    for outcome in found:
        if outcome.finding is not None:
            click.echo(f"\n{as_text(outcome.finding, colours=colours)}", color=colours)
        elif outcome.failure:
            title = one_line(runs.trials[outcome.number].title)
            click.echo(f'\nerror: "{title}" could not be run: {outcome.failure}')
    failed = sum(not outcome.passed for outcome in found)
    passed = f"{len(found) - failed} passed" if found else "no tests"
    said = f"{passed}, {failed} failed" if failed else passed
    click.echo(f"{said} in {time.perf_counter() - began:.2f}s, seed {runs.seed}")
    return found


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"cannot make `{folder}`: {error.strerror or error}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise CannotRun(f"cannot write `{path}`: {error.strerror or error}") from None
