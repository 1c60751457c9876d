"""The bundle that is installed on a host, or in a copy of its disk."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from flumec.runtime.frozen import frozen

HOME = "/opt/flumec"
MANIFEST = "manifest.json"
SHORT = 16
"""How many hex digits of its manifest's sha256 a bundle is known by."""

FORMAT = 2


class NotInstalled(Exception):  # noqa: N818 it reads as what happened
    """There is no bundle to compare with; the message says what there is."""


@frozen
class Installed:
    """What `current` leads to: its folder, and what its manifest says."""

    root: Path
    folder: Path
    digest: str
    """Of the manifest as it is now."""
    manifest: dict[str, Any]

    @property
    def host(self) -> str:
        """The host that it was made for."""
        return str(self.manifest["install"]["host"])

    @property
    def places(self) -> dict[str, str]:
        """Where on the host files of the folder stand besides."""
        return dict(self.manifest["install"]["files"])

    @property
    def units(self) -> list[str]:
        """The units that are to run: sockets before the services that they lead to."""
        agents = self.manifest["install"]["agents"]
        return [unit for each in agents for unit in (*each["sockets"], each["service"])]

    def at(self, path: str) -> Path:
        """Return where a path of the host is."""
        return self.root / path.lstrip("/")

    def mode(self, name: str) -> int:
        """Return the permissions that a file of the folder was given."""
        return 0o755 if name in self.manifest["executable"] else 0o644


def installed(root: Path) -> Installed:
    """Return the bundle; raise NotInstalled."""
    home = root / HOME.lstrip("/")
    link = home / "current"
    if not link.is_symlink():
        raise NotInstalled(
            f"no bundle is installed here: there is no {link}; name a copy of a host's disk with "
            "--root, or install one: `install --apply` in a host's folder of a bundle"
        )
    folder = home / link.readlink().name
    try:
        content = (folder / MANIFEST).read_bytes()
        manifest = json.loads(content)
        form, _ = manifest["flumec bundle"], manifest["install"]["host"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotInstalled(
            f"{link} leads to {folder}, which is no bundle that can be read: {error!r}; "
            "install one anew: `install --apply` in the host's folder of a bundle"
        ) from None
    if form != FORMAT:
        raise NotInstalled(
            f"{folder / MANIFEST} is in format {form}, this flumec knows {FORMAT}; use the drift "
            f"of the installed runtime: {HOME}/current/bin/python -m flumec.runtime.drift"
        )
    return Installed(root, folder, sha256(content).hexdigest()[:SHORT], manifest)
