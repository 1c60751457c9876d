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
        """Be the only installer here; the lock is the folder's own and ends with the process."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self.home.chmod(0o755)
            descriptor = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise RefusedError(
                f"cannot write in {self.home}: {error.strerror}; run it as root"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise RefusedError(
                f"another installer is at work in {self.home}; wait for it, and run this again"
            ) from None
        finally:
            os.close(descriptor)


def whole(folder: Path) -> list[Path]:
    """Return what lies in a folder under a digest: it was put there whole."""
    names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 names are what counts
    return [folder / name for name in sorted(names) if _DIGEST.fullmatch(name)]
