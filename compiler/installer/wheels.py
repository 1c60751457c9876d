"""Wheels, unpacked by hand: a host may have neither pip nor venv."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from flumec.compiler.installer.files import EXECUTABLE, PLAIN
from flumec.compiler.installer.saying import RefusedError

_SKIPPED = ("scripts", "headers", "data")
"""Parts of a wheel that no agent uses."""


def unpack(name: str, wheel: IO[bytes], site: Path) -> None:
    """Write a wheel's modules into `site`, each checked against the wheel's own RECORD."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            recorded = dict(_recorded(archive, name))
            for entry in archive.infolist():
                if not entry.is_dir() and (target := _target(entry.filename, name)):
                    content = archive.read(entry)
                    _check(name, entry.filename, content, recorded)
                    path = site / target
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                    path.chmod(EXECUTABLE if entry.external_attr >> 16 & 0o100 else PLAIN)
    except (zipfile.BadZipFile, KeyError, csv.Error) as error:
        raise RefusedError(f"{name} is no wheel: {error}; copy the runtime anew") from None


def _recorded(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, str]]:
    """Yield the files that a wheel says it has, with their digests; its RECORD has none itself."""
    package, version, *_ = name.split("-")
    text = archive.read(f"{package}-{version}.dist-info/RECORD").decode()
    for row in csv.reader(io.StringIO(text)):
        if row:
            yield row[0], row[1]


def _check(wheel: str, name: str, content: bytes, recorded: dict[str, str]) -> None:
    if name.endswith(".dist-info/RECORD"):
        return
    said = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    if recorded.get(name) != f"sha256={said}":
        raise RefusedError(f"{wheel}: {name} is not as its RECORD says; copy the runtime anew")


def _target(entry: str, wheel: str) -> PurePosixPath | None:
    """Return where a file of a wheel goes, in the folder of modules; None for what goes nowhere."""
    path = PurePosixPath(entry)
    if path.is_absolute() or ".." in path.parts:
        raise RefusedError(f"{wheel} has a file that would leave its folder: {entry}")
    if path.parts[0].endswith(".data"):
        if path.parts[1] in _SKIPPED:
            return None
        return PurePosixPath(*path.parts[2:])
    return path
