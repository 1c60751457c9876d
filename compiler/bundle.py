"""A bundle on disk: written whole or not at all, also over an older one, and compared.

Files are written beside the target, synced, and put in its place by one rename. Where the file
system can exchange two directories, a reader sees the old bundle or the new one at every moment;
where it cannot, the old one is renamed away first, and the next build mends a crash in between.
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import escape
from itertools import accumulate
from pathlib import Path
from typing import Literal

from flumec.compiler.archive import Archive
from flumec.compiler.exchange import exchange, sync_all
from flumec.compiler.paths import INSTALLER, MANIFEST
from flumec.runtime.frozen import frozen

EXECUTABLE = 0o100
_NEW, _OLD = ".flumec-new-", ".flumec-old"


class BundleError(Exception):
    """A bundle cannot be written or read; the message says why, and what to do."""


@frozen
class Difference:
    """One file in which a bundle on disk is not the one that would be built."""

    kind: Literal["missing", "changed", "extra"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}  {self.name}"


def write_bundle(
    files: Mapping[str, bytes], directory: Path, archives: Iterable[Archive] = ()
) -> None:
    """Make `directory` hold exactly `files`, and `archives` made of them.

    If that fails, leave what was there and raise BundleError.
    """
    archives = list(archives)
    # A link to a bundle stays: what it leads to is replaced.
    directory = Path(os.path.realpath(directory))
    if os.path.ismount(directory):  # "/" among them: neither can be put in another's place
        raise BundleError(f"`{directory}` is a mount point; name a folder in it for the bundle")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with _alone(directory.parent):
            _clean(directory)
            _refuse_other(directory)
            if not _holds(directory, files, archives):
                _put(files, directory, archives)
    except OSError as error:
        raise BundleError(f"cannot write the bundle `{directory}`: {_reason(error)}") from error


def _put(files: Mapping[str, bytes], directory: Path, archives: Iterable[Archive]) -> None:
    """Write the bundle beside `directory`, and put it in its place."""
    beside = directory.with_name(f".{directory.name}{_NEW}{secrets.token_hex(4)}")
    try:
        beside.mkdir()
        _write(files, beside)
        for archive in archives:
            archive.write(beside)
        sync_all(beside)
        _replace(beside, directory)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def compare(
    files: Mapping[str, bytes],
    directory: Path,
    archives: Iterable[Archive] = (),
    *,
    modes: int = EXECUTABLE,
) -> Iterator[Difference]:
    """Yield where `directory` differs from `files`; raise BundleError where it is no bundle.

    Of the permissions those of `modes` count: by default what git keeps, as a bundle that is
    checked out has the others from the umask. An archive may be missing: none is kept in git.
    """
    directory = Path(directory)
    packed = {archive.name: archive for archive in archives}
    if not (directory / MANIFEST).is_file():
        raise BundleError(f"`{directory}` is no flumec bundle: it has no {MANIFEST}")
    try:
        present = {path.relative_to(directory).as_posix() for path in _files(directory)}
        for name in sorted(present | files.keys()):
            if name in packed:
                if not packed[name].is_in(directory):
                    yield Difference("changed", name)
            elif name not in present:
                yield Difference("missing", name)
            elif name not in files:
                yield Difference("extra", name)
            elif _differs(directory / name, files[name], modes):
                yield Difference("changed", name)
    except OSError as error:
        raise BundleError(f"cannot read the bundle `{directory}`: {_reason(error)}") from error


def _holds(directory: Path, files: Mapping[str, bytes], archives: Sequence[Archive]) -> bool:
    """Return whether `directory` is the very bundle; most others are told by their manifest."""
    manifest = directory / MANIFEST
    if not manifest.is_file() or manifest.read_bytes() != files[MANIFEST]:
        return False
    if not all((directory / archive.name).is_file() for archive in archives):
        return False
    try:
        return next(compare(files, directory, archives, modes=0o777), None) is None
    except BundleError:  # a file of it cannot be read, or goes away: it is made anew
        return False


def _write(files: Mapping[str, bytes], directory: Path) -> None:
    """Write all files with modes of their own, whatever the umask; a script may be executed."""
    base = f"{directory}/"
    folders = {name.rpartition("/")[0] for name in files}
    every = {above for folder in folders for above in accumulate(folder.split("/"), "{}/{}".format)}
    # os, not Path: a large fleet has a hundred thousand of these.
    for folder in sorted(every):
        if folder:
            os.mkdir(base + folder)  # noqa: PTH102 see above
        os.chmod(base + folder, 0o755)  # noqa: PTH101, S103 a bundle is no secret
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    installers: dict[bytes, str] = {}  # large; all else is a host's own, and may be edited there
    for name, content in files.items():
        if name.endswith(f"/{INSTALLER}"):
            known = installers.setdefault(content, base + name)
            if known != base + name and _linked(known, base + name):
                continue
        descriptor = os.open(base + name, flags, 0o600)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fchmod(descriptor, _mode(content))
        finally:
            os.close(descriptor)


def _linked(known: str, name: str) -> bool:
    """Give a file a second name; return whether this file system does that, and once more."""
    try:
        os.link(known, name, follow_symlinks=False)
    except OSError:
        return False
    return True


def _mode(content: bytes) -> int:
    return 0o755 if content.startswith(b"#!") else 0o644


def _replace(beside: Path, directory: Path) -> None:
    """Put `beside` in the place of `directory`, and remove what was there."""
    if not directory.exists():
        beside.rename(directory)
    elif not exchange(beside, directory):
        old = directory.with_name(f".{directory.name}{_OLD}")
        directory.rename(old)
        beside.rename(directory)
        shutil.rmtree(old)
    _sync_folder(directory.parent)


def _clean(directory: Path) -> None:
    """Finish or undo what a build that was killed left behind."""
    old = directory.with_name(f".{directory.name}{_OLD}")
    if old.is_dir():
        if directory.exists():
            shutil.rmtree(old)
        else:
            old.rename(directory)
    for left in directory.parent.glob(f".{escape(directory.name)}{_NEW}*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """Be the only build that writes in a folder: what else is found there was left by a dead one.

    Another waits. The lock is the folder's own, so nothing is left behind, and it ends with its
    process.
    """
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_other(directory: Path) -> None:
    """Raise BundleError where something stands that no build of ours made."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise BundleError(f"`{directory}` is a file; name a folder for the bundle")
    if any(directory.iterdir()) and not _is_bundle(directory / MANIFEST):
        raise BundleError(
            f"`{directory}` is not empty and is no flumec bundle, and will not be replaced; "
            "name another folder, or remove it"
        )


def _is_bundle(manifest: Path) -> bool:
    try:
        return "flumec bundle" in json.loads(manifest.read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def _files(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory):
        for name in names:
            yield Path(folder, name)


def _differs(path: Path, content: bytes, modes: int) -> bool:
    state = path.lstat()
    if path.is_symlink() or state.st_size != len(content):
        return True
    return (state.st_mode ^ _mode(content)) & modes != 0 or path.read_bytes() != content


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}"
