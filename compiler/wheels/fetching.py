"""Filling a folder with wheels: what is locked as it is locked, the rest as pip finds it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from flumec.compiler.wheels.closure import close
from flumec.compiler.wheels.lock import Lock, Locked, WheelsError
from flumec.compiler.wheels.sdist import ONLY_SOURCES, wheel_of
from flumec.compiler.wheels.target import Target
from flumec.compiler.wheels.wheel import Wheel, read_wheel, sha256_of
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

_ROUNDS = 20
"""More than chains of markers that only hold elsewhere are ever deep."""


def fetch(folder: Path, lock: Lock, target: Target, roots: Sequence[Requirement]) -> list[str]:
    """Have all wheels of a target in the folder and in the lock; return those that came.

    Without network if they are all there. Raise WheelsError.
    """
    came = [each["file"] for each in lock.of(target).values() if _bring(folder, each, target)]
    known = {n: read_wheel(folder / each["file"]) for n, each in lock.of(target).items()}
    if close(target, roots, known.get).missing:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
            found, made = _resolve(Path(new), folder, target, roots, lock.of(target))
            for wheel in found.values():
                if (Path(new) / wheel.file).exists():
                    (Path(new) / wheel.file).replace(folder / wheel.file)
                    came.append(wheel.file)
        lock.put(target, {**lock.of(target), **_locked(folder, found.values(), made)})
    return came


def _bring(folder: Path, entry: dict[str, Any], target: Target) -> bool:
    """Have one locked wheel in the folder; return whether it had to be fetched."""
    path = folder / entry["file"]
    if path.is_file() and sha256_of(path) == entry["sha256"]:
        return False
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
        made_from = entry.get("made_from")
        name = canonicalize_name(entry["file"].partition("-")[0])
        wanted = f"{name}=={entry['version']}"
        if made_from is not None:
            _, content = _make(Path(new), wanted, made_from["sha256"])
            (Path(new) / path.name).write_bytes(content)
        else:
            _pip(Path(new), target, [wanted, "--no-deps"])
        come = Path(new) / path.name
        if not come.is_file() or sha256_of(come) != entry["sha256"]:
            raise WheelsError(
                f"`{path.name}` as it can be had is not the one of the lock (sha256 "
                f"{entry['sha256'][:12]}…): look why, or lock anew with --update"
            )
        come.replace(path)
    return True


def _resolve(
    new: Path, folder: Path, target: Target, roots: Sequence[Requirement], locked: Locked
) -> tuple[dict[str, Wheel], dict[str, dict[str, str]]]:
    """Download until nothing is missing; return the wheels, and what some were made from."""
    made: dict[str, dict[str, str]] = {}
    tags = target.tags
    kept = [folder / each["file"] for each in locked.values()]
    wanted = list(roots)
    for _ in range(_ROUNDS):
        known = _newest((*kept, *new.glob("*.whl")), tags)
        closed = close(target, roots, known.get)
        if not closed.missing:
            return closed.wheels, made
        sources = [r for r in closed.missing if canonicalize_name(r.name) in ONLY_SOURCES]
        for requirement in sources:
            name, content = _make(new, _plain(requirement), None)
            (new / name).write_bytes(content)
            sdist = max(new.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime_ns)
            made[name] = {"file": sdist.name, "sha256": sha256_of(sdist)}
        wanted += [each for each in closed.missing if each not in wanted]
        rest = [_plain(r) for r in wanted if canonicalize_name(r.name) not in ONLY_SOURCES]
        if len(sources) < len(closed.missing):
            _pip(new, target, [*rest, "--find-links", str(new), "--find-links", str(folder)])
    said = ", ".join(map(str, closed.missing))
    raise WheelsError(f"no wheels for Python {target.python} on {target.arch}: {said}")


def _newest(paths: Iterable[Path], tags: frozenset[Tag]) -> dict[str, Wheel]:
    """Return the newest wheel of each name that runs on the target."""
    known: dict[str, Wheel] = {}
    for path in paths:
        wheel = read_wheel(path)
        if parse_wheel_filename(path.name)[3].isdisjoint(tags):
            continue
        if wheel.name not in known or known[wheel.name].version < wheel.version:
            known[wheel.name] = wheel
    return known


def _locked(folder: Path, wheels: Iterable[Wheel], made: dict[str, dict[str, str]]) -> Locked:
    return {
        wheel.name: {
            "file": wheel.file,
            "version": str(wheel.version),
            "sha256": sha256_of(folder / wheel.file),
            **({"made_from": made[wheel.file]} if wheel.file in made else {}),
        }
        for wheel in wheels
    }


def _make(new: Path, wanted: str, digest: str | None) -> tuple[str, bytes]:
    """Return the wheel of a library that has only sources: its name, and its bytes."""
    name = Requirement(wanted).name
    before = set(new.glob("*.tar.gz"))
    _run(new, ["--no-deps", "--no-binary", name, wanted])
    (sdist,) = set(new.glob("*.tar.gz")) - before
    if digest is not None and sha256_of(sdist) != digest:
        raise WheelsError(f"`{sdist.name}` is not the one of the lock: look why")
    try:
        return wheel_of(sdist)
    except ValueError as error:
        raise WheelsError(str(error)) from None


def _pip(new: Path, target: Target, wanted: Sequence[str]) -> None:
    interpreter = "{}{}".format(*target.version)
    tags = ["--implementation", "cp", "--python-version", target.python]
    tags += [word for abi in (f"cp{interpreter}", "abi3", "none") for word in ("--abi", abi)]
    tags += [word for platform in target.platforms for word in ("--platform", platform)]
    _run(new, ["--only-binary", ":all:", *tags, *wanted])


def _run(new: Path, arguments: Sequence[str]) -> None:
    """Let pip download into a folder; raise WheelsError with what it said."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--dest", str(new), *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise WheelsError("pip could not download the wheels:\n" + "\n".join(lines[-5:]))


def _plain(requirement: Requirement) -> str:
    """Return a requirement without its marker, which holds for the target."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
