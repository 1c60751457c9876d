"""The secrets of encrypted journals: out of files, never out of the command line."""

import os
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flumec.runtime.channel.words import counted
from flumec.runtime.disk import Disk
from flumec.runtime.errors import StartError
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import Inspection, segments
from flumec.runtime.journal.needed import key_of
from flumec.runtime.journal.packing import Key, Keys

_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_LONGEST = 1 << 20


def declare(parser: ArgumentParser) -> None:
    """Add the option that says where secrets are."""
    parser.add_argument(
        "--key-file", metavar="FILE", type=Path, action="append", default=[],
        help="a file with a secret of an encrypted journal (again for each; default: the files in "
        f"{_CREDENTIALS})",
    )  # fmt: skip


def given(
    files: Sequence[Path], disk: Disk, environment: Mapping[str, str] = os.environ
) -> tuple[Key, ...]:
    """Return the keys of the secrets in files; without any, those that systemd shows the service.

    Raise StartError for a file that can't hold one. What is in it reaches no message.
    """
    if files:
        return tuple(_key(path, _text(path, disk)) for path in files)
    folder = environment.get(_CREDENTIALS)
    return tuple(_usable(Path(folder), disk)) if folder else ()


def locked(found: Inspection, key: int) -> StateError:
    """Return what to say of rows whose key is not among those given."""
    count = len(found.keys.all)
    what = "its secret is needed"
    if count:
        what = f"{counted(count, 'secret')} that {'was' if count == 1 else 'were'} given: not its"
    return StateError(
        f"{found.directory} is encrypted with the key {key:08x}; {what}. Name the file of the "
        "secret of the journal's `encryption`, or of `previous`, with --key-file FILE (once for "
        "each); `ls` and `verify` do without"
    )


def require(found: Inspection, disk: Disk) -> Keys:
    """Return the keys to open a journal with for writing; raise StateError if one is missing."""
    writes = 0
    for number in sorted(segments(found.directory, disk)):
        file = disk.open(found.path(number))
        try:
            writes = key_of(found, number, file)
        finally:
            file.close()
        if not found.keys.knows(writes):
            raise locked(found, writes)
    current = next((key for key in found.keys.all if key.number == writes), None)
    return Keys(current, found.keys.all)


def _usable(folder: Path, disk: Disk) -> Iterator[Key]:
    """Yield the keys of those credentials that could be one; the others are for something else."""
    for name in disk.names(folder):
        try:
            yield _key(folder / name, _text(folder / name, disk))
        except (StartError, OSError):
            continue


def _text(path: Path, disk: Disk) -> str:
    file = disk.open(path)
    try:
        return file.read(_LONGEST, 0).decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise StartError(f"the secret in {path} is not UTF-8 text") from None
    finally:
        file.close()


def _key(path: Path, secret: str) -> Key:
    try:
        return Key(secret)
    except StateError as error:
        raise StartError(f"{path}: {error}") from None
