"""Where everything stands on a host, below `/` or below the root of an image."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flumec.compiler.installer.saying import RefusedError

SHORT = 16
"""How many hex digits of its digest a bundle and a runtime are known by."""
LOCK = "lock"
_DIGEST = re.compile(rf"[0-9a-f]{{{SHORT}}}")


class Host:
    """The places of one host, or of an image of one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.live = root == Path("/")
        """Whether it is the running system; an image has no processes."""
        self.home = self.at("/opt/flumec")
        self.runtimes = self.home / "runtime"
        self.started = self.home / "started.json"

    def at(self, path: str) -> Path:
        """Return where a host's path is."""
        return self.root / path.lstrip("/")

    def link(self, name: str) -> Path:
        """Return the link `current` or `previous`."""
        return self.home / name

    def linked(self, name: str) -> Path | None:
        """Return the bundle's folder that such a link leads to, if there is one."""
        link = self.link(name)
        try:
            folder = self.home / link.readlink()
        except OSError:
            return None
        return folder if (folder / "manifest.json").is_file() else None

    def versions(self) -> list[Path]:
        """Return the folders of all bundles that lie here whole."""
        return [path for path in whole(self.home) if (path / "manifest.json").is_file()]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only installer here; the lock ends with the process.

        It is a file that root alone can open: whoever can open it could hold it for ever.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self.home.chmod(0o755)
            descriptor = os.open(self.home / LOCK, flags, 0o600)
        except OSError as error:
            raise RefusedError(
                f"cannot write in {self.home}: {error.strerror}; run it as root"
            ) from None
        try:
            if not _locked(descriptor):
                raise RefusedError(
                    f"another installer is at work in {self.home}; wait for it, and run this again"
                )
            yield
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Lock a file, and return whether that was done; one that was removed meanwhile is no lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


def whole(folder: Path) -> list[Path]:
    """Return what lies in a folder under a digest: it was put there whole."""
    names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 names are what counts
    return [folder / name for name in sorted(names) if _DIGEST.fullmatch(name)]
