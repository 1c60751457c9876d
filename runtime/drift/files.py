"""Files, links and folders of a host that are not as its bundle has them."""

import os
import stat
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Literal, NamedTuple

from flumec.runtime.drift.installed import HOME, MANIFEST, Installed

Kind = Literal["missing", "changed", "extra", "mode", "link", "unit", "bundle"]

STARTER = "bin/python"
"""Made by the installer, with the path of this host's Python in it."""

OVERRIDES = ("/etc/systemd/system", "/etc/systemd/system.control", "/run/systemd/system",
             "/run/systemd/system.control")  # fmt: skip
"""Where systemd looks for units before all others, and for parts that change them."""


class Drift(NamedTuple):
    """One thing that is not as it was installed."""

    kind: Kind
    where: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind:<8} {self.where}{f': {self.what}' if self.what else ''}"


def files(found: Installed) -> Iterator[Drift]:
    """Yield what is wrong with the bundle's own folder, and with what was put elsewhere."""
    if found.folder.name != found.digest:
        yield Drift("changed", _shown(found, found.folder / MANIFEST))
    for name, digest in found.manifest["files"].items():
        paths = [found.folder / name]
        if name in found.places:
            paths.append(found.at(found.places[name]))
        for path in paths:
            yield from _file(found, path, digest, found.mode(name))
    wanted = {*found.manifest["files"], MANIFEST, STARTER}
    for path in _below(found.folder):
        if path.relative_to(found.folder).as_posix() not in wanted:
            yield Drift("extra", _shown(found, path))
    if not (found.folder / STARTER).is_file():
        yield Drift("missing", _shown(found, found.folder / STARTER))


def links(found: Installed) -> Iterator[Drift]:
    """Yield the links by which systemd starts units at boot that are not there."""
    for place, target in found.manifest["install"]["links"].items():
        path = found.at(place)
        if not path.is_symlink():
            yield Drift("link", place, f"missing, it leads to {target}: not started at boot")
        elif (leads := str(path.readlink())) != target:
            yield Drift("link", place, f"leads to {leads}, not to {target}")


def overrides(found: Installed) -> Iterator[Drift]:
    """Yield units of ours that the bundle doesn't have, and drop-ins that change those it has."""
    wanted = {*found.places.values(), *found.manifest["install"]["links"]}
    for folder in OVERRIDES:
        for path in sorted(found.at(folder).glob("flumec*")):
            shown = _shown(found, path)
            if path.is_dir() and path.name.endswith(".d"):
                for part in sorted(path.glob("*.conf")):
                    yield Drift("extra", _shown(found, part), "it changes the unit")
            elif not path.is_dir() and shown not in wanted:
                what = "the unit is masked" if _is_mask(path) else ""
                yield Drift("extra", shown, what)


def secrets(found: Installed) -> Iterator[Drift]:
    """Yield secrets that are missing, or that others may read; what they are is not looked at."""
    places = {
        place
        for agent in found.manifest["install"]["agents"]
        for place in agent["credentials"].values()
    }
    for place in sorted(places):
        try:
            state = found.at(place).lstat()
        except PermissionError:
            continue  # only root may see whether it is there
        except OSError:
            yield Drift("missing", place, "a secret that the agents need")
        else:
            if stat.S_ISREG(state.st_mode) and state.st_mode & 0o077:
                yield Drift("mode", place, f"{stat.S_IMODE(state.st_mode):04o}: others may read it")


def runtime(found: Installed) -> Iterator[Drift]:
    """Yield what is wrong with the libraries that came with the bundle, by their own records."""
    about = found.manifest["install"]["runtime"]
    if about is None:
        return
    folder = found.at(HOME) / "runtime" / str(about["digest"])[:16]
    if not folder.is_dir():
        yield Drift("missing", _shown(found, folder), "the runtime of the agents")
        return
    for record in sorted(folder.rglob("*.dist-info/RECORD")):
        for line in record.read_text("utf-8").splitlines():
            name, _, rest = line.strip().rpartition(",sha256=")
            path = record.parent.parent / name.strip('"')
            if name and not path.is_file():
                yield Drift("missing", _shown(found, path))
            elif name and _recorded(path) != rest.partition(",")[0]:
                yield Drift("changed", _shown(found, path))


def _recorded(path: Path) -> str:
    from base64 import urlsafe_b64encode

    with path.open("rb") as file:
        digest = file_digest(file, "sha256").digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _file(found: Installed, path: Path, digest: str, mode: int) -> Iterator[Drift]:
    shown = _shown(found, path)
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            yield Drift("changed", shown, "it is no plain file any more")
            return
        with path.open("rb") as file:
            now = file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        yield Drift("missing", shown)
        return
    if now != digest:
        yield Drift("changed", shown)
    if stat.S_IMODE(state.st_mode) != mode:
        yield Drift("mode", shown, f"{stat.S_IMODE(state.st_mode):04o}, not {mode:04o}")
    if state.st_uid != found.folder.lstat().st_uid:
        yield Drift("mode", shown, f"it belongs to user {state.st_uid}")


def _is_mask(path: Path) -> bool:
    return path.is_symlink() and str(path.readlink()) == os.devnull


def _below(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if not path.is_dir())


def _shown(found: Installed, path: Path) -> str:
    """Return a path as the host knows it."""
    return f"/{path.relative_to(found.root)}"
