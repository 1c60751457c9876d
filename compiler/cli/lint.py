"""`flumec lint`: everything that is wrong with a fleet, at once; and mended, where it is clear."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flumec.compiler.cli.arguments import fleet_arguments, opened, options, report_arguments
from flumec.compiler.cli.failures import CannotRun
from flumec.compiler.uncollected import uncollected

if TYPE_CHECKING:
    from flumec.compiler.build import Linted
    from flumec.compiler.inputs import Inputs
    from flumec.compiler.mend import Mended


@click.command("lint", short_help="Check the fleet and report every mistake at once.")
@fleet_arguments
@report_arguments
@click.option("--fix", is_flag=True, help="Mend what is certain, in the files; report the rest.")
@click.option("--unsafe", is_flag=True, help="With --fix or --diff: mend what is probable, too.")
@click.option("--diff", is_flag=True, help="Write nothing; show what --fix would change: status 1.")
@uncollected()
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    form: str,
    fix: bool,
    unsafe: bool,
    diff: bool,
    **rules: Any,
) -> int:
    """Check the fleet that the files describe together, without building it.

    Every mistake is reported at once, in the order of the files.
    """
    from flumec.compiler.build import lint
    from flumec.compiler.cli.report import Report

    if unsafe and not (fix or diff):
        raise CannotRun("--unsafe goes with --fix or --diff")
    if diff and form != "text":
        raise CannotRun("--diff shows a diff and nothing else; take --format away")
    read, given = opened(flow, flowvars), options(sets, flowvars, flow, **rules)
    if fix or diff:
        from flumec.compiler.mend import mend

        mended = mend(flow, given, read, unsafe=unsafe)
        if diff:
            return _show(mended, flow, read)
        _write(mended, flow, read)
    linted = mended.linted if fix else lint(flow, given, read)
    report = Report(linted.diagnostics, form=form, strict=given.strict, quietly=False, files=flow)
    report.show()
    _say_what_can_be_mended(linted, flow, form, safe=not fix, unsafe=not (fix and unsafe))
    return report.status


def _changed(mended: "Mended", flow: Iterable[Path], read: "Inputs") -> dict[Path, tuple[str, str]]:
    """Return the files that change, each with its text before and after."""
    texts = {path: mended.texts.get(str(path)) for path in dict.fromkeys(flow)}
    before = {path: read(path).decode("utf-8", "surrogateescape") for path in texts}
    return {
        path: (before[path], text)
        for path, text in texts.items()
        if text is not None and text != before[path]
    }


def _show(mended: "Mended", flow: Iterable[Path], read: "Inputs") -> int:
    from flumec.compiler.cli.rewrite import difference

    changed = _changed(mended, flow, read)
    for path, (before, after) in changed.items():
        shown = difference(before, after, str(path), "mended")
        click.echo(shown.encode("utf-8", "replace"), nl=False)
    return int(bool(changed))


def _write(mended: "Mended", flow: Iterable[Path], read: "Inputs") -> None:
    from flumec.compiler.cli.rewrite import replace
    from flumec.compiler.mend import encoded

    changed = _changed(mended, flow, read)
    for path, (before, _) in changed.items():
        if path.read_bytes() != encoded(before):
            raise CannotRun(f"`{path}` was changed meanwhile; nothing is written")
    for path, (_, after) in changed.items():
        replace(path, encoded(after))
    if changed:
        count = len(mended.mended)
        files = ", ".join(map(str, changed))
        click.echo(f"mended {count:,} finding{'' if count == 1 else 's'} in {files}", err=True)


def _say_what_can_be_mended(
    linted: "Linted", flow: Iterable[Path], form: str, *, safe: bool, unsafe: bool
) -> None:
    """Say of the findings that are shown what --fix would mend, and what --unsafe would beside."""
    from flumec.compiler.cli.report import MOST

    if form != "text" or not linted.diagnostics:
        return
    from flumec.compiler.mend import mendable

    fixes = mendable(linted.diagnostics[:MOST], flow)
    certain = sum(fix.safe for fix in fixes)
    said = []
    if safe and certain:
        said.append(f"{certain:,} can be mended by --fix")
    if unsafe and (probable := len(fixes) - certain):
        said.append(
            f"{probable:,} {'' if said else 'can be mended '}by --fix --unsafe, if it is meant"
        )
    if said:
        click.echo("; ".join(said), err=True)
