"""A bundle: the folder of one host, as it was unpacked or as it is installed."""

import hashlib
import json
from pathlib import Path
from typing import Any

from flumec.compiler.installer.files import EXECUTABLE, PLAIN
from flumec.compiler.installer.paths import SHORT
from flumec.compiler.installer.saying import RefusedError

KNOWN_FORMAT = 2
"""The format of manifests that this installer knows; it comes with its own bundle."""


class Bundle:
    """What a host's manifest says, and the files beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "manifest.json"
        try:
            content = path.read_bytes()
            data = json.loads(content)
            form = data["flumec bundle"]
        except FileNotFoundError:
            raise RefusedError(f"{folder} is no bundle: it has no manifest.json") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RefusedError(f"cannot read {path}: {error}; unpack the bundle anew") from None
        if form != KNOWN_FORMAT or "install" not in data:
            raise RefusedError(
                f"{path} is in format {form}, this installer knows {KNOWN_FORMAT}; "
                "use the `install` of the bundle itself, in the folder of one host"
            )
        self.manifest = content
        self.digest = hashlib.sha256(content).hexdigest()[:SHORT]
        self.version: str = data["version"]
        self.digests: dict[str, str] = data["files"]
        self.executable: list[str] = data["executable"]
        install = data["install"]
        self.host: str = install["host"]
        self.python: str = install["python"]
        self.arch: str = install["arch"]
        self.runtime: dict[str, Any] | None = install["runtime"]
        self.places: dict[str, str] = install["files"]
        self.links: dict[str, str] = install["links"]
        self.agents: list[dict[str, Any]] = install["agents"]
        self.flows: list[str] = install.get("flows", [])  # a bundle of before does not say it

    @property
    def services(self) -> list[str]:
        """The agents' services, in the order in which they start."""
        return [agent["service"] for agent in self.agents]

    @property
    def units(self) -> list[str]:
        """Everything that systemd knows of it, by name."""
        names = (place.rpartition("/")[2] for place in self.places.values())
        return [name for name in names if name.endswith((".service", ".socket", ".target"))]

    @property
    def targets(self) -> list[str]:
        """The units that only group others."""
        return [name for name in self.units if name.endswith(".target")]

    def read(self, name: str) -> bytes:
        """Return a file of the bundle; raise RefusedError if it is not the one that was built."""
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise RefusedError(
                f"cannot read {self.folder / name}: {error.strerror}; unpack the bundle anew"
            ) from None
        if hashlib.sha256(content).hexdigest() != self.digests[name]:
            raise RefusedError(
                f"{self.folder / name} is not as it was built; unpack the bundle anew, and "
                "change the .flow file instead of what is made from it"
            )
        return content

    def mode(self, name: str) -> int:
        """Return the permissions of a file."""
        return EXECUTABLE if name in self.executable else PLAIN

    def files(self) -> dict[str, tuple[bytes, int]]:
        """Return all files with their permissions, the manifest among them."""
        files = {name: (self.read(name), self.mode(name)) for name in self.digests}
        return {**files, "manifest.json": (self.manifest, PLAIN)}
