"""`flumec wheels`: a folder with the libraries that hosts need, by a lock and offline."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flumec.compiler.cli.arguments import FILE, fleet_options, opened, options
from flumec.compiler.cli.failures import CannotRun
from flumec.compiler.options import Options

if TYPE_CHECKING:
    from flumec.compiler.wheels.lock import Lock
    from flumec.compiler.wheels.target import Target


@click.command("wheels", short_help="Fill a folder with the libraries that hosts need.")
@click.argument("folder", metavar="DIR", type=FILE)
@click.argument("flow", metavar="[FLOW...]", type=FILE, nargs=-1)
@fleet_options
@click.option(
    "--python",
    metavar="VERSION",
    multiple=True,
    help="Without FLOW: for this Python, such as 3.11; may be given more than once.",
)
@click.option(
    "--arch",
    type=click.Choice(["x86_64", "aarch64"]),
    multiple=True,
    help="Without FLOW: for this processor; may be given more than once.",
)
@click.option("--update", is_flag=True, help="Take the newest versions, not those of the lock.")
def command(
    *,
    folder: Path,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    python: tuple[str, ...],
    arch: tuple[str, ...],
    update: bool,
    **rules: Any,
) -> int:
    """Fill DIR with the libraries that the hosts of the fleet need, for `build --wheels DIR`.

    DIR/wheels.lock says which they are, by version and sha256. What it has is taken as it is, so
    the second time needs no network; keep it in git, and the wheels wherever you like.

    Without FLOW, everything that an agent may need, for Python 3.11 on x86_64.
    """
    from flumec.compiler.wheels.lock import LOCK, Lock, WheelsError

    if flow and (python or arch):
        raise CannotRun("the hosts say their `python` and `arch`; these options are for no FLOW")
    if not flow and (sets or flowvars or any(rules.values())):
        raise CannotRun("--set, --vars, --config, --select and --ignore are about a FLOW: name it")
    given = options(sets, flowvars, flow, **rules) if flow else None
    needed = _named(python, arch) if given is None else _of_fleet(flow, given, flowvars)
    try:
        with _alone(folder):
            lock = Lock.read(folder / LOCK)
            for target, extras in needed.items():
                click.echo(_fill(folder, lock, target, extras, update=update))
    except WheelsError as error:
        raise CannotRun(str(error)) from error
    except OSError as error:
        raise CannotRun(f"cannot fill `{folder}`: {error.strerror or error}") from error
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one that fills a folder; another waits. The lock ends with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _fill(
    folder: Path, lock: "Lock", target: "Target", extras: frozenset[str], *, update: bool
) -> str:
    from flumec.compiler.wheels.fetching import fetch
    from flumec.compiler.wheels.lock import LOCK
    from flumec.compiler.wheels.needs import roots

    if update:
        lock.put(target, {})
    came = fetch(folder, lock, target, roots(target, extras))
    (folder / f".{LOCK}").write_text(lock.text())
    (folder / f".{LOCK}").replace(folder / LOCK)
    number = len(lock.of(target))
    return f"{target}: {number} wheels, {f'{len(came)} fetched' if came else 'all there already'}"


def _of_fleet(
    flow: tuple[Path, ...], given: Options, flowvars: tuple[Path, ...]
) -> "dict[Target, frozenset[str]]":
    from flumec.compiler.build import compile_fleet
    from flumec.compiler.cli.report import Report
    from flumec.compiler.wheels.needs import targets_of

    compiled = compile_fleet(flow, given, opened(flow, flowvars))
    if compiled.plan is None:
        Report(compiled.diagnostics, form="text", strict=False).show()
        raise CannotRun("the fleet has mistakes; mend them first")
    return targets_of(compiled.plan)


def _named(python: tuple[str, ...], arch: tuple[str, ...]) -> "dict[Target, frozenset[str]]":
    from flumec.compiler.wheels.needs import EVERYTHING
    from flumec.compiler.wheels.target import Target

    for version in python:
        if not re.fullmatch(r"3\.(1[1-9]|[2-9][0-9])", version):
            raise CannotRun(f"`--python {version}`: it is a version such as 3.11, not before it")
    kinds = (Target(one, other) for one in python or ("3.11",) for other in arch or ("x86_64",))
    return dict.fromkeys(kinds, EVERYTHING)
