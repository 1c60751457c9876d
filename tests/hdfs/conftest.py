"""What a store needs around it: starts of one sink, on a local directory or in a real HDFS."""

import logging
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.output.local import LocalStore
from flumec.runtime.output.store import Hidden, Store
from flumec.runtime.output.webhdfs import WebHdfsStore, open_webhdfs
from flumec.runtime.output.webhdfs_location import HdfsLocation

SINK = "5c0ffee0" * 4


class Around:
    """A sink's context, as far as a store looks at it."""

    log = logging.getLogger("sink")
    host = "core-1"

    def __init__(self, state: Path, epoch: bytes) -> None:
        self.state = state
        self.disk = RealDisk()
        self.clock = SystemClock()
        self.consumer = SimpleNamespace(epoch=epoch)

    def alive(self) -> None:
        """Nobody watches."""

    def waiting(self) -> AbstractContextManager[None]:
        return nullcontext()


class Place(Protocol):
    """A directory that stores can be opened in, and looked at without them."""

    def start(self, epoch: bytes | None = None) -> Store:
        """Open the store as a new start of the sink does; nothing is taken over yet."""

    def move(self, old: str, new: str) -> None:
        """Have an operator rename something by hand."""

    def published(self) -> dict[str, bytes]: ...

    def hidden(self) -> list[str]: ...

    def put(self, path: str, content: bytes) -> None:
        """Have somebody else write a file."""

    def forget(self) -> None:
        """Have somebody remove the sink's folder."""


class LocalPlace:
    """A local directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "out"

    def start(self, epoch: bytes | None = None) -> Store:
        return LocalStore(self._folder, SINK, epoch or os.urandom(16), RealDisk(), host="core-1")

    def move(self, old: str, new: str) -> None:
        Path(old).rename(new)

    def published(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self._folder)): path.read_bytes()
            for path in self._folder.rglob("*")
            if path.is_file() and ".flumec" not in path.parts
        }

    def hidden(self) -> list[str]:
        return [path.name for path in (self._folder / ".flumec").rglob("*") if path.is_file()]

    def put(self, path: str, content: bytes) -> None:
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_bytes(content)

    def forget(self) -> None:
        (self._folder / ".flumec" / SINK).rename(self._folder.parent / "removed")


class HdfsPlace:
    """A directory of a real HDFS, perhaps by way of other addresses than its own."""

    def __init__(
        self, hdfs: Any, directory: str, state: Path, *namenodes: str, **more: Any
    ) -> None:
        self.hdfs = hdfs
        self.directory = directory
        self.state = state
        self.starts = 0
        more = {"user": "flume", "prefix": "hdfs://test"} | more
        self.location = HdfsLocation(namenodes or hdfs.addresses, directory, **more)

    def start(self, epoch: bytes | None = None, state: Path | None = None) -> WebHdfsStore:
        """Open the store as a new start of the sink does, on a state of its own unless given."""
        self.starts += 1
        around: Any = Around(state or self.state / f"{self.starts}", epoch or os.urandom(16))
        return open_webhdfs(self.location, SINK, around)

    def published(self) -> dict[str, bytes]:
        return self.hdfs.published(self.directory)

    def hidden(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.hdfs.hidden(self.directory)]

    def put(self, path: str, content: bytes) -> None:
        self.hdfs.client("flume").write(f"{self.directory}/{path}", data=content)

    def move(self, old: str, new: str) -> None:
        self.hdfs.client().rename(old, new)

    def forget(self) -> None:
        self.hdfs.client().rename(f"{self.directory}/.flumec/{SINK}", f"{self.directory}-removed")


def hide(store: Store, content: bytes) -> Hidden:
    """Hide a file, as far as an intent can be stored for it."""
    hidden = store.create()
    hidden.write([content[:3], memoryview(content)[3:]])
    hidden.finish()
    store.secure()
    return hidden


@pytest.fixture
def directory(hdfs: Any, request: pytest.FixtureRequest) -> str:
    """Make a directory of the agent's own user."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)
    return hdfs.make(f"/lake/{name}", owner="flume")
