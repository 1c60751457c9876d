"""`python3 -m flumec.runtime.drift`: the command line, as `flumec drift` has it."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from flumec.runtime.drift import files, running
from flumec.runtime.drift.files import Drift
from flumec.runtime.drift.installed import HOME, MANIFEST, SHORT, Installed, NotInstalled, installed

_EPILOG = """\
It only reads, and of secrets only whether they are there and who may read them.

Exit status: 0 the host is as its bundle made it, 1 it is not, 2 it could not be told."""


def main(arguments: Sequence[str], name: str = "python3 -m flumec.runtime.drift") -> int:
    """Compare the host with its bundle; return the exit status."""
    options = _parser(name).parse_args(arguments)
    root = options.root.absolute()
    try:
        found = installed(root)
        drifts = list(_all(found, options.against, live=root == Path("/") and running.is_live()))
    except NotInstalled as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot read {error.filename}: {error.strerror}; ask as root")
    if options.format == "json":
        told = [each._asdict() for each in drifts]
        shown = {"flumec drift": 1, "host": found.host, "bundle": found.folder.name}
        sys.stdout.write(json.dumps({**shown, "drift": told}, indent=2) + "\n")
    else:
        for line in (*map(str, drifts), _verdict(found, len(drifts))):
            sys.stdout.write(f"{line}\n")
    return int(bool(drifts))


def _all(found: Installed, against: Path | None, *, live: bool) -> Iterator[Drift]:
    if against is not None:
        yield from _other(found, against)
    if found.at(f"{HOME}/applying").is_symlink():
        yield Drift("bundle", f"{HOME}/applying", "an installation was cut off: run it again")
    yield from files.files(found)
    yield from files.links(found)
    yield from files.overrides(found)
    yield from files.secrets(found)
    yield from files.runtime(found)
    if live:
        yield from running.units(found)


def _other(found: Installed, against: Path) -> Iterator[Drift]:
    """Yield that another bundle is installed than the one that `flumec build` wrote there."""
    path = against / quote(found.host, safe="") / MANIFEST
    try:
        wanted = sha256(path.read_bytes()).hexdigest()[:SHORT]
    except FileNotFoundError:
        raise NotInstalled(f"{against} has nothing for {found.host}: there is no {path}") from None
    if wanted != found.digest:
        yield Drift("bundle", f"{HOME}/current", f"it is {found.digest}, not {wanted}")


def _verdict(found: Installed, number: int) -> str:
    title = f"{found.host}: bundle {found.folder.name} of flumec {found.manifest['version']}"
    if not number:
        return f"{title}: as it was installed"
    return f"{title}: {number} thing{'' if number == 1 else 's'} not as installed"


def _fail(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return 2


def _parser(name: str) -> ArgumentParser:
    parser = ArgumentParser(
        prog=name, epilog=_EPILOG, formatter_class=RawDescriptionHelpFormatter,
        description="Say where a host is not as its bundle made it.",
    )  # fmt: skip
    add = parser.add_argument
    add("--root", type=Path, default=Path("/"), metavar="DIR", help="a copy of a host's disk")
    add("--against", type=Path, metavar="DIST", help="also: is it the bundle that DIST has for it?")
    add("--format", choices=("text", "json"), default="text", help="for people, or for programs")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
