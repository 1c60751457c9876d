"""Installs the agents of this folder on the host that it was made for. It needs no network.

    install --check              says whether it can, and what it would do
    install --apply              does it; a second time it finds nothing to do
    install --rollback           goes back to the bundle before, which stays on the host
    install --remove [--purge]   takes flumec away; --purge also what its agents hold

Exit status: 0 fine, 1 there are findings, or an agent did not start, 2 it could not be done.
"""

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path

from flumec.compiler.installer.applying import apply, bundle_before, check_only
from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.checks import Setting
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.removing import remove
from flumec.compiler.installer.runtime import find_python
from flumec.compiler.installer.saying import RefusedError, Report


def main(arguments: list[str] | None = None, folder: Path | None = None) -> int:
    """Do what the command line says; return the exit status."""
    options = _parser().parse_args(arguments)
    os.umask(0o022)  # agents are no root, and have to read what is made here
    report = Report(as_json=options.format == "json")
    try:
        return _run(options, folder or Path(__file__).resolve().parent, report)
    except RefusedError as error:
        said = str(error)
    except KeyboardInterrupt:
        said = "stopped; run it again to end it, nothing is half done"
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        said = f"{error.strerror or error}{where}; mend it and run this again, nothing is half done"
    if options.format == "json":
        return report.end(said, 2)
    sys.stderr.write(f"install: {said}\n")
    return 2


def _run(options: argparse.Namespace, folder: Path, report: Report) -> int:
    host = Host(Path(os.path.realpath(options.root or "/")))
    if host.live and os.geteuid() != 0 and not options.check:
        raise RefusedError("only root can do this; --check can be had by everybody")
    if (options.purge or options.lose_undelivered) and not options.remove:
        raise RefusedError("--purge and --lose-undelivered go with --remove")
    if options.check:
        return check_only(_setting(options, host, Bundle(folder)), report)
    if options.remove:
        lose = options.lose_undelivered
        with host.alone() if host.home.exists() else nullcontext():
            return remove(host, _own(folder), report, purging=options.purge, lose=lose)
    with host.alone():
        bundle = bundle_before(host) if options.rollback else Bundle(folder)
        return apply(_setting(options, host, bundle), report)


def _own(folder: Path) -> Bundle | None:
    """Return the bundle that this program came with; it may do its work without one."""
    try:
        return Bundle(folder)
    except RefusedError:
        return None


def _setting(options: argparse.Namespace, host: Host, bundle: Bundle) -> Setting:
    python = find_python(host, bundle, options.python)
    return Setting(
        host,
        bundle,
        python,
        options.runtime,
        starting=not options.no_start,
        replacing=options.replace or options.rollback,  # whoever goes back knows what was there
    )


def _parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("install", description=__doc__, formatter_class=formatter)
    verbs = parser.add_mutually_exclusive_group(required=True)
    verbs.add_argument("--check", action="store_true", help="say what --apply would do, or why not")
    verbs.add_argument("--apply", action="store_true", help="install what is not installed yet")
    verbs.add_argument("--rollback", action="store_true", help="install the bundle before")
    verbs.add_argument("--remove", action="store_true", help="take flumec away; journals stay")
    add = parser.add_argument
    add("--purge", action="store_true", help="with --remove: journals and secrets, too")
    add("--lose-undelivered", action="store_true", help="with --purge: events in them or not")
    add("--replace", action="store_true", help="stop agents that other flows have here")
    add("--no-start", action="store_true", help="put everything in place, start nothing")
    add("--python", metavar="FILE", help="the Python of the agents, not the host's own")
    add("--runtime", metavar="FILE", help="the runtime's tar, if it is not beside this folder")
    add("--root", metavar="DIR", help="fill the image of a host, leave this system alone")
    add("--format", choices=["text", "json"], default="text", help="how to say what was done")
    return parser


if __name__ == "__main__":
    sys.exit(main())
