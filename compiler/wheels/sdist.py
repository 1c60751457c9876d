"""A wheel of a library that publishes only its sources, made without running any of them.

Good for pure Python that setuptools packed: its `.egg-info` says which modules there are and what
they need. Building it with setuptools would give other bytes with each version of that.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from flumec.compiler.wheels.wheel import make_wheel

ONLY_SOURCES = frozenset(("docopt", "hdfs"))
"""Libraries of the runtime that have no wheel, or none of the version that is needed."""


def wheel_of(sdist: Path) -> tuple[str, bytes]:
    """Return the name and the bytes of a wheel of these sources; raise ValueError."""
    with tarfile.open(sdist) as tar:
        files = {
            member.name.partition("/")[2]: file.read()
            for member in tar
            if member.isfile() and (file := tar.extractfile(member)) is not None
        }
    egg = next((n.partition("/")[0] for n in files if n.endswith(".egg-info/PKG-INFO")), None)
    if egg is None or any(name.endswith((".c", ".pyx", ".cpp")) for name in files):
        raise ValueError(f"{sdist.name} is not pure Python that setuptools packed")
    about = files[f"{egg}/PKG-INFO"].decode()
    name, version = _header(about, "Name"), _header(about, "Version")
    tops = files[f"{egg}/top_level.txt"].decode().split()
    modules = {path: files[path] for path in files if _is_module(path, tops)}
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(
        f"Requires-Dist: {line}\n" for line in _requires(files.get(f"{egg}/requires.txt", b""))
    )
    return f"{name}-{version}-py3-none-any.whl", make_wheel(name, version, modules, metadata)


def _header(about: str, name: str) -> str:
    begin = f"{name}: "
    return next(line for line in about.splitlines() if line.startswith(begin)).removeprefix(begin)


def _is_module(path: str, tops: list[str]) -> bool:
    top = path.partition("/")[0]
    return path.endswith(".py") and (top in tops or top.removesuffix(".py") in tops)


def _requires(text: bytes) -> Iterator[str]:
    """Yield what it needs always; what stands behind a `[` is for extras."""
    for line in text.decode().splitlines():
        if line.startswith("["):
            return
        if line.strip():
            yield line.strip()
