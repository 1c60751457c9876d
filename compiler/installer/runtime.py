"""The runtime: the Python of the host, and the libraries that the bundle came with."""

import hashlib
import json
import os
import shlex
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.files import put_folder, put_link
from flumec.compiler.installer.paths import SHORT, Host
from flumec.compiler.installer.saying import RefusedError
from flumec.compiler.installer.systemd import call
from flumec.compiler.installer.wheels import unpack

_ASK = """
import json, platform, sys
try:
    from importlib import metadata
    import flumec.runtime
    has = metadata.version("flumec")
except ImportError:
    has = None
version = "%d.%d" % sys.version_info[:2]
print(json.dumps([version, platform.machine(), platform.libc_ver()[1], has]))
"""


BEFORE = "python"
"""A link to the interpreter that was installed with last."""


class Python(NamedTuple):
    """A Python of the host, and what it says of itself."""

    path: Path
    version: str
    arch: str
    libc: str
    flumec: str | None
    """The version of the flumec that it has of its own."""


def asked(path: Path) -> Python | None:
    """Return what an interpreter says of itself; None if it does not run."""
    status, said = call([path, "-c", _ASK])
    try:
        return Python(path, *json.loads(said.splitlines()[-1])) if status == 0 else None
    except (ValueError, IndexError, TypeError):
        return None


def find_python(host: Host, bundle: Bundle, named: str | None) -> Python:
    """Return the interpreter that the agents start with: the named one, or the one that was
    installed with before, so that a rollback needs no more words, or the host's own.
    """
    if named is not None:
        path = Path(os.path.abspath(named))  # noqa: PTH100 links stay: a venv is known by its own
        found = asked(path)
        if found is None:
            raise RefusedError(f"{path} is no Python that runs; name another with --python")
        return found
    own = Path(sys.executable)
    before = [host.link(BEFORE).readlink()] if host.link(BEFORE).is_symlink() else []
    tried = [*before, Path(f"/usr/bin/python{bundle.python}"), Path("/usr/bin/python3"), own]
    for path in dict.fromkeys(tried):
        found = asked(path) if path.exists() else None
        if found and _suits(found, bundle):
            return found
    found = asked(own)
    if found is None:
        raise RefusedError(f"{own} does not run; name another Python with --python")
    return found


def _suits(python: Python, bundle: Bundle) -> bool:
    if bundle.runtime is not None:
        return python.version == bundle.python
    return python.flumec is not None


class _Parcel(Protocol):
    """A runtime as it was brought: runtime.json and wheels."""

    def open(self, name: str) -> IO[bytes]: ...


class _Folder:
    """A runtime that was unpacked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, name: str) -> IO[bytes]:
        """Open a file of it."""
        return (self._folder / name).open("rb")


class _Tar:
    """A runtime in its tar, which may have another name by now than its folder."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        first = tar.next()
        self._tar, self._folder = tar, first.name.partition("/")[0] if first else ""

    def open(self, name: str) -> IO[bytes]:
        """Open a file of it."""
        try:
            file = self._tar.extractfile(f"{self._folder}/{name}")
        except KeyError:
            file = None
        if file is None:
            raise FileNotFoundError(2, "it has no such file", name)
        return file


def find_parcel(bundle: Bundle, named: str | None) -> Path | None:
    """Return the runtime's tar or folder: as named, in the bundle's folder or beside it."""
    assert bundle.runtime is not None
    name: str = bundle.runtime["name"]
    if named is not None:
        path = Path(named)
        return path / name if (path / name).exists() else path
    for folder in (bundle.folder, bundle.folder.parent):
        for place in (folder / name, folder / name.removesuffix(".tar")):
            if place.exists():
                return place
    return None


def runtime_of(host: Host, bundle: Bundle) -> Path | None:
    """Return the folder of the runtime that a bundle is installed with; None if it brings none."""
    if bundle.runtime is None:
        return None
    return host.runtimes / str(bundle.runtime["digest"])[:SHORT]


def put_runtime(host: Host, bundle: Bundle, parcel: Path | None, python: Python) -> bool:
    """Have the bundle's runtime unpacked; return whether it was not."""
    folder = runtime_of(host, bundle)
    if folder is None:
        return False
    if not folder.is_dir():
        if parcel is None:
            raise RefusedError(lacking(bundle))
        with _opened(parcel) as opened:
            put_folder(folder, lambda new: _fill(new, folder, opened, bundle, python))
        put_link(folder / "bin" / "python", str(python.path))
        return True
    return put_link(folder / "bin" / "python", str(python.path))


def lacking(bundle: Bundle) -> str:
    """Return what is said where the runtime is not at hand."""
    assert bundle.runtime is not None
    return (
        f"this host does not have the runtime yet, and {bundle.runtime['name']} is not beside the "
        "bundle's folder; copy it there, or name it with --runtime if it has another name"
    )


@contextmanager
def _opened(parcel: Path) -> Iterator[_Parcel]:
    if parcel.is_dir():
        yield _Folder(parcel)
        return
    try:
        with tarfile.open(parcel, "r:") as tar:
            yield _Tar(tar)
    except tarfile.TarError as error:
        raise RefusedError(f"{parcel} is no tar: {error}; copy the runtime anew") from None


def _fill(folder: Path, place: Path, parcel: _Parcel, bundle: Bundle, python: Python) -> None:
    """Unpack a runtime that is to stand at `place`, all of it checked, down to each file."""
    assert bundle.runtime is not None
    try:
        with parcel.open("runtime.json") as file:
            said = file.read()
    except OSError:
        raise RefusedError(
            f"that is no runtime, as it has no runtime.json: bring {bundle.runtime['name']}"
        ) from None
    if hashlib.sha256(said).hexdigest() != bundle.runtime["digest"]:
        raise RefusedError(
            f"that runtime is not the one of this bundle, {bundle.runtime['name']}; "
            "copy both from one build"
        )
    data: dict[str, Any] = json.loads(said)
    site = folder / "lib" / f"python{data['python']}" / "site-packages"
    site.mkdir(parents=True)
    for name, digest in data["wheels"].items():
        try:
            with parcel.open(f"wheels/{name}") as file:
                content = file.read()
        except OSError:
            raise RefusedError(f"the runtime lacks {name}; copy it anew") from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise RefusedError(f"{name} is damaged; copy the runtime anew")
        unpack(name, BytesIO(content), site)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(python.path)
    home = python.path.parent
    (folder / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
    (folder / "runtime.json").write_bytes(said)
    _compile(site, place, python)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


def _compile(site: Path, folder: Path, python: Python) -> None:
    """Compile all modules once: agents may not write here, and would do it at each start.

    The byte code is bound to no times: a runtime never changes.
    """
    options = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    place = folder / site.relative_to(site.parent.parent.parent)
    call([python.path, "-I", "-m", "compileall", *options, "-s", site, "-p", place, site], None)


def starter(host: Host, bundle: Bundle, python: Python) -> bytes:
    """Return the program that starts a bundle's agents: with its own libraries and no others."""
    folder = runtime_of(host, bundle)
    command = shlex.quote(str(python.path))
    if folder is not None:  # isolated: no libraries of anybody else, whatever the environment says
        command = f"/{(folder / 'bin' / 'python').relative_to(host.root)} -I"
    return (
        "#!/bin/sh\n"
        "# Made by flumec's installer. A process keeps this bundle's libraries when the link\n"
        "# `current` moves on to another bundle, hence the whole path.\n"
        f'exec {command} "$@"\n'
    ).encode()
