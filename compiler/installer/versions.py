"""Bundles side by side: each in a folder of its own, and a link that says which one counts."""

import json
import os
from pathlib import Path

from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.drained import units_of_drained
from flumec.compiler.installer.files import (
    EXECUTABLE,
    clear,
    put_all,
    put_folder,
    put_link,
    remove_all,
)
from flumec.compiler.installer.paths import SHORT, Host, whole
from flumec.compiler.installer.runtime import Python, starter
from flumec.compiler.installer.saying import RefusedError, Report
from flumec.compiler.installer.systemd import call

STARTER = "bin/python"


def put_version(host: Host, bundle: Bundle, python: Python) -> Bundle:
    """Have a copy of the bundle on the host; return the copy."""
    folder = host.home / bundle.digest
    start = starter(host, bundle, python)

    def fill(new: Path) -> None:
        files = {new / name: file for name, file in bundle.files().items()}
        put_all({**files, new / STARTER: (start, EXECUTABLE)})

    if not put_folder(folder, fill):
        put_all({folder / STARTER: (start, EXECUTABLE)})  # it may be another Python now
    return Bundle(folder)


def put_places(host: Host, bundle: Bundle, others: list[Bundle]) -> tuple[list[Path], list[Path]]:
    """Have the bundle's units and the like where systemd looks, and none of the other bundles.

    What starts a unit of a drained agent at boot is not put again. Return what was put and what was
    removed.
    """
    wanted = {
        host.at(place): (bundle.read(name), bundle.mode(name))
        for name, place in bundle.places.items()
    }
    put = put_all(wanted)
    left = units_of_drained(host, bundle)
    for place, target in bundle.links.items():
        if target.rpartition("/")[2] not in left and put_link(host.at(place), target):
            put.append(host.at(place))
    old = [host.at(place) for place in places_of_others(bundle, others)]
    for folder in {path.parent for path in (*wanted, *map(host.at, bundle.links), *old)}:
        clear(folder)
    return put, remove_all(old)


def places_of_others(bundle: Bundle, others: list[Bundle]) -> list[str]:
    """Return where other bundles have files, and this one none."""
    theirs = {place for other in others for place in (*other.places.values(), *other.links)}
    return sorted(theirs.difference(bundle.places.values(), bundle.links))


def switch(host: Host, bundle: Bundle) -> bool:
    """Let `current` lead to the bundle, and `previous` to what it led to; return whether it did
    not.
    """
    before = host.linked("current")
    if before is not None and before.name == bundle.digest:
        return False
    if before is not None:
        put_link(host.link("previous"), before.name)
    put_link(host.link("current"), bundle.digest)
    return True


def installed(host: Host, name: str = "current") -> Bundle | None:
    """Return the bundle that is installed, or the one before it."""
    folder = host.linked(name)
    return Bundle(folder) if folder else None


def known(host: Host) -> list[Bundle]:
    """Return every bundle that lies here and can be read, the older ones that failed among them."""
    found = []
    for folder in host.versions():
        try:
            found.append(Bundle(folder))
        except RefusedError:  # of a format that is not ours: it is left alone
            continue
    return found


def prune(host: Host, report: Report) -> None:
    """Remove bundles and runtimes that are neither current nor previous, nor used by a process."""
    kept = [bundle for name in ("current", "previous") if (bundle := installed(host, name))]
    digests = {bundle.digest for bundle in kept}
    runtimes = {b.runtime["digest"][:SHORT] for b in kept if b.runtime} | _running(host)
    old = [bundle.folder for bundle in known(host) if bundle.digest not in digests]
    old += [path for path in whole(host.runtimes) if path.name not in runtimes]
    for path in remove_all(old):
        report.did("removed", f"{path}, which nothing needs any more")
    clear(host.home)
    clear(host.runtimes)


def _running(host: Host) -> set[str]:
    """Return the runtimes that processes were started from: they load modules later, too."""
    if not host.live:
        return set()
    begin = f"{host.runtimes}/"
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            program = path.read_bytes().split(b"\0", 1)[0].decode("utf-8", "replace")
        except OSError:  # it has ended
            continue
        if program.startswith(begin):
            found.add(program.removeprefix(begin).partition("/")[0])
    return found


def undelivered(bundle: Bundle, state: Path) -> list[str] | None:
    """Return what a state directory's journals still hold, channel by channel; None if unknown.

    The agent's own user looks: what lies there may lead anywhere, and root may read everything.
    """
    python, owner = bundle.folder / STARTER, state.lstat() if os.geteuid() == 0 else None
    status, said = call(
        [python, "-m", "flumec.runtime.channel", "ls", "--json", state], None, owner
    )
    try:
        shown = json.loads(said[said.index("{") :])
        journals = [shown, *shown["others"]]
        held = [
            f"{channel['held']:,} in `{channel['name']}`"
            for journal in journals
            for channel in journal["channels"]
            if channel["held"]
        ]
    except (ValueError, KeyError, TypeError):
        return None
    return held if status == 0 else None
