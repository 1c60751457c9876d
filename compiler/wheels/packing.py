"""A runtime: the wheels of one kind of hosts, in one tar for the whole fleet."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from flumec.compiler.archive import Archive
from flumec.compiler.paths import RUNTIME, TAR
from flumec.compiler.wheels.closure import close
from flumec.compiler.wheels.lock import LOCK, Lock, WheelsError
from flumec.compiler.wheels.needs import roots
from flumec.compiler.wheels.own import own_name, own_wheel
from flumec.compiler.wheels.target import Target, glibc_of
from flumec.compiler.wheels.wheel import Wheel, read_wheel, sha256_of
from packaging.requirements import Requirement

FORMAT = 1
_BLOCK = 4096
_COMPILED = 1.2
"""How much larger byte code is than its text, with the blocks of a disk."""


class Runtime(NamedTuple):
    """A runtime: what manifests say of it, and its tar."""

    about: Mapping[str, Any]
    archive: Archive


def pack(folder: Path, target: Target, extras: frozenset[str]) -> Runtime:
    """Return the runtime of a target's hosts, from the folder that `flumec wheels` filled.

    Raise WheelsError if a wheel is missing or is not the locked one.
    """
    wheels = _wheels(folder, target, roots(target, extras))
    digests = {each.file: _digest(folder, each, target) for each in wheels}
    digests[own_name()] = hashlib.sha256(own_wheel()).hexdigest()
    about = {
        "flumec runtime": FORMAT,
        "python": target.python,
        "arch": target.arch,
        "wheels": digests,
    }
    said = (json.dumps(about, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()
    digest = hashlib.sha256(said).hexdigest()
    name = f"{RUNTIME}{target}-{digest[:12]}"
    entries: dict[str, bytes | Path] = {
        f"{name}/runtime.json": said,
        f"{name}/wheels/{own_name()}": own_wheel(),
        **{f"{name}/wheels/{each.file}": folder / each.file for each in wheels},
    }
    described = {
        "name": f"{name}{TAR}",
        "digest": digest,
        "glibc": glibc_of(iter(digests)),
        "bytes": sum(_unpacked(entry) for name, entry in entries.items() if name.endswith(".whl")),
    }
    return Runtime(described, Archive(f"{name}{TAR}", entries))


def _wheels(folder: Path, target: Target, wanted: Sequence[Requirement]) -> list[Wheel]:
    """Return the wheels that these requirements come to, all of them locked."""
    path = folder / LOCK
    locked = Lock.read(path).of(target)
    cure = f"fill it with `flumec wheels {folder} FLOW…`"
    if not locked:
        raise WheelsError(
            f"`{path}` has no wheels for Python {target.python} on {target.arch}; {cure}"
        )
    known = {}
    for name, entry in locked.items():
        try:
            known[name] = read_wheel(folder / entry["file"])
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise WheelsError(
                f"`{folder / entry['file']}` cannot be read: {error}; {cure}"
            ) from None
    closed = close(target, wanted, known.get)
    if closed.missing:
        said = ", ".join(f"`{each}`" for each in closed.missing)
        raise WheelsError(f"`{folder}` lacks wheels for {target}: {said}; {cure}")
    return list(closed.wheels.values())


def _digest(folder: Path, wheel: Wheel, target: Target) -> str:
    wanted: str = Lock.read(folder / LOCK).of(target)[wheel.name]["sha256"]
    if sha256_of(folder / wheel.file) != wanted:
        raise WheelsError(
            f"`{folder / wheel.file}` is not the locked one (sha256 {wanted[:12]}…); "
            f"fill the folder again with `flumec wheels {folder} FLOW…`"
        )
    return wanted


def _unpacked(wheel: bytes | Path) -> int:
    """Return about what a wheel takes on a disk when it is unpacked and compiled."""
    with zipfile.ZipFile(BytesIO(wheel) if isinstance(wheel, bytes) else wheel) as archive:
        return sum(_on_disk(entry.filename, entry.file_size) for entry in archive.infolist())


def _on_disk(name: str, size: int) -> int:
    blocks = -(-size // _BLOCK) * _BLOCK
    return int(blocks * (1 + _COMPILED)) if name.endswith(".py") else blocks
