"""Wheels: what one says of itself, and making one, with the same bytes on each machine."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from email.parser import HeaderParser
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

_TIME = (1980, 1, 1, 0, 0, 0)
"""The first that a zip knows."""


class Wheel(NamedTuple):
    """A wheel's file, and what it needs."""

    file: str
    name: str
    version: Version
    requires: tuple[Requirement, ...]


def sha256_of(path: Path) -> str:
    """Return the digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_wheel(path: Path) -> Wheel:
    """Return what a wheel says; raise ValueError if it is none."""
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as archive:
            (entry,) = (
                each
                for each in archive.namelist()
                if each.endswith(".dist-info/METADATA") and each.count("/") == 1
            )
            headers = HeaderParser().parsestr(archive.read(entry).decode())
    except (zipfile.BadZipFile, ValueError) as error:
        raise ValueError(f"{path.name} is no wheel: {error}") from error
    needs = tuple(Requirement(text) for text in headers.get_all("Requires-Dist", []))
    return Wheel(path.name, canonicalize_name(name), version, needs)


def make_wheel(name: str, version: str, files: Mapping[str, bytes], metadata: str) -> bytes:
    """Return a wheel of pure Python. It is not compressed: compressors differ in their bytes."""
    folder = f"{name}-{version}.dist-info"
    entries = {
        **{path: files[path] for path in sorted(files)},
        f"{folder}/METADATA": metadata.encode(),
        f"{folder}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: flumec\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = "".join(f"{path},{_digest(content)}\n" for path, content in entries.items())
    entries[f"{folder}/RECORD"] = f"{record}{folder}/RECORD,,\n".encode()
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path, content in entries.items():
            entry = zipfile.ZipInfo(path, _TIME)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # a Unix's plain file
            archive.writestr(entry, content)
    return file.getvalue()


def _digest(content: bytes) -> str:
    said = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={said},{len(content)}"
