"""The few verbs of WebHDFS that a store needs, each of which may be repeated.

A reply can be lost after the server did the work, so the caller repeats a verb that raised
Unavailable, and what the first attempt did must not be an error of the second. Time-outs are always
set: a server that froze must not hold a sink for ever.
"""

import getpass
import logging
import posixpath
from collections.abc import Iterator
from typing import Any, NamedTuple

import requests
from flumec.runtime.context import Context
from flumec.runtime.output.staging import Staged
from flumec.runtime.output.webhdfs_location import HdfsLocation
from flumec.runtime.output.webhdfs_trouble import explained, require_certificates
from hdfs.client import Client
from hdfs.util import HdfsError
from requests.adapters import HTTPAdapter

_MOST_CONNECTIONS = 64

logging.getLogger("hdfs").setLevel(logging.CRITICAL)  # what it has to say, its errors say too


class Entry(NamedTuple):
    """A file or folder. Its number stays the same through renames, and is never used again."""

    name: str
    is_folder: bool
    length: int
    number: int | None


class WebHdfs:
    """The file system, by its NameNodes: whichever of them is active is found. Thread-safe."""

    def __init__(self, location: HdfsLocation, context: Context) -> None:
        """Raise Unavailable where the certificates that it is to trust can't be read."""
        if location.ca is not None:
            require_certificates(location.ca)
        self._client = _Client(location, context)

    def status(self, path: str) -> Entry | None:
        """Return what is at a path; None only where the NameNode says that nothing is."""
        with explained(f"look at `{path}`"):
            try:
                return _entry(self._client.call("get_file_status", path)["FileStatus"])
            except HdfsError as error:
                if error.exception == "FileNotFoundException":
                    return None
                raise

    def entries(self, folder: str) -> list[Entry]:
        """Return what is in a folder, sorted; raise FileNotFoundError."""
        with explained(f"list `{folder}`"):
            try:
                found = self._client.call("list_status", folder)["FileStatuses"]["FileStatus"]
            except HdfsError as error:
                if error.exception == "FileNotFoundException":
                    raise FileNotFoundError(folder) from None
                raise
            return sorted(_entry(status) for status in found)

    def make(self, folder: str) -> None:
        """Make a folder and its parents; one that exists is fine."""
        with explained(f"make the folder `{folder}`"):
            if not self._client.call("mkdirs", folder)["boolean"]:
                raise HdfsError("the NameNode answered `false`")

    def move(self, old: str, new: str) -> None:
        """Rename, and never over something, nor into a folder that has the new name.

        Raise FileExistsError when the new name is taken, and FileNotFoundError when the old one, or
        the new one's folder, isn't there: perhaps as an earlier attempt's answer got lost.
        """
        with explained(f"rename `{old}` to `{new}`"):
            try:
                done = self._client.call("rename", old, destination=new, renameoptions="NONE")
            except HdfsError as error:
                if error.exception == "FileNotFoundException":
                    raise FileNotFoundError(old) from None
                if error.exception == "FileAlreadyExistsException":
                    raise FileExistsError(new) from None
                raise
        if done.get("boolean", True):
            return
        if self.status(old) is None:
            raise FileNotFoundError(old)
        if self.status(new) is not None:
            raise FileExistsError(new)
        if self.status(posixpath.dirname(new)) is None:
            raise FileNotFoundError(new)
        with explained(f"rename `{old}` to `{new}`"):
            raise HdfsError("the NameNode answered `false`")

    def remove(self, path: str) -> None:
        """Remove a file or an empty folder; one that isn't there is fine."""
        with explained(f"remove `{path}`"):
            self._client.call("delete", path, recursive=False)

    def touch(self, folder: str, milliseconds: int) -> None:
        """Set a folder's time. Once that is answered, all that was seen before it is durable.

        The NameNode shows a change before it is in its edit log on disk; it answers a change only
        once that one is, and so all before it.
        """
        with explained(f"set the time of `{folder}`"):
            self._client.call("set_times", folder, modificationtime=milliseconds)

    def upload(self, path: str, staged: Staged) -> None:
        """Write a new file; raise FileNotFoundError when its folder isn't there.

        After an error it may be there in part, looking whole, and may still grow.
        """
        body = _Body(staged)
        with explained(f"upload to `{posixpath.dirname(path)}`"):  # the same for every attempt
            try:
                self._client.create(path, body)
            except HdfsError as error:
                if error.exception == "FileNotFoundException":
                    raise FileNotFoundError(path) from None
                raise
            except requests.RequestException:
                if body.error is not None:
                    raise body.error from None
                raise


class _Body:
    """A staged file as the body of a request. An error of the local disk is not the network's."""

    def __init__(self, staged: Staged) -> None:
        self._staged = staged
        self.error: OSError | None = None

    def __len__(self) -> int:
        return self._staged.size

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._staged.blocks()
        except OSError as error:
            self.error = error
            raise


class _Client(Client):  # type: ignore[misc]
    """The library's client, without its magic in paths, and patient only up to a bound."""

    def __init__(self, location: HdfsLocation, context: Context) -> None:
        who = {"delegation": location.token} if location.token else {"user.name": _user(location)}
        self._context = context
        self._limits = (location.connect, location.read)
        self._data = _session(location)
        session = _session(location)
        session.params = {name: value for name, value in who.items() if value}
        urls = ";".join(dict.fromkeys(url.rstrip("/") for url in location.namenodes))
        super().__init__(urls, session=session, timeout=self._limits)

    def resolve(self, hdfs_path: str) -> str:
        """Take the path as it is: an event's header may hold what has a meaning to the library."""
        return hdfs_path

    def call(self, verb: str, path: str, **parameters: Any) -> dict[str, Any]:
        """Call a verb of the NameNode; return its answer, {} where that has no content."""
        response = getattr(self, f"_{verb}")(path, **parameters)
        return dict(response.json()) if response.content else {}

    def create(self, path: str, body: _Body) -> None:
        """Ask the NameNode for a DataNode, and send it the content.

        `createparent`: a folder that a newer start took away must not come about again.
        """
        asked = self._create(path, overwrite=False, createparent=False)
        connect, read = self._limits
        with self._context.waiting():
            response = self._data.put(
                asked.headers["location"],
                data=body,
                headers={"content-type": "application/octet-stream"},
                timeout=(connect, read * 3),  # the blocks' copies are waited for
            )
        if not response.ok:
            error = response.json()["RemoteException"]
            raise HdfsError(error["message"], exception=error["exception"])

    def _request(self, method: str, url: str, **parameters: Any) -> requests.Response:
        self._context.alive()
        with self._context.waiting():
            response: requests.Response = super()._request(method, url, **parameters)
        return response


def _session(location: HdfsLocation) -> requests.Session:
    """Return a session that takes nothing from its environment: no proxy, no .netrc."""
    session = requests.Session()
    session.trust_env = False
    session.verify = location.ca or True
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_MOST_CONNECTIONS))
    return session


def _user(location: HdfsLocation) -> str | None:
    """Return who we are where the cluster believes what it is told: the agent's user by default."""
    if location.user:
        return location.user
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def _entry(status: dict[str, Any]) -> Entry:
    folder = status["type"] == "DIRECTORY"
    return Entry(status["pathSuffix"], folder, status["length"], status.get("fileId"))
