"""The `hdfs` sink: events become files of HDFS or of a folder of the host, each of them whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import Contradiction, Secret, Url, prop
from flumec.runtime.output.location import divided, located, mistakes, nameservice
from flumec.runtime.output.webhdfs_location import HdfsLocation
from flumec.runtime.sinks.filing import Filing

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext


class Hdfs(Filing, type="hdfs"):
    """Write events into HDFS, as lines or as Parquet; with `file://`, into a folder of the host.

    A file is made on the host, uploaded out of sight, compared in length, and then renamed to its
    final name, so whoever lists a folder sees whole files only, each event in exactly one of them.
    Names are never used twice: they carry host, agent, sink, the first and last row, and which
    start of the agent wrote them.
    """

    writes: ClassVar[tuple[str, ...]] = ("path",)

    path: Url = prop(
        "The folder, from the event: `hdfs://nn.example.com/logs/%Y/%m/%d/%{host}`. Hidden files "
        "lie in the part before the first `%`. `hdfs://` and `webhdfs://` are WebHDFS, `swebhdfs://`"
        " by TLS; `file:///srv/logs/%Y` is a folder of the host."
    )
    namenodes: tuple[str, ...] = prop(
        "The NameNodes, `host:port` or http url, the first that is active is asked; without it the "
        "host of `path`, at port 9870.",
        default=(),
    )
    user: str | None = prop("The user that writes.", default=None)
    token: Secret | None = prop("A delegation token, where HDFS wants one.", default=None)
    ca: Path | None = prop(
        "A file with the certificates that NameNodes and DataNodes are checked with, by TLS; "
        "without it the usual ones.",
        default=None,
    )

    @classmethod
    def folder(cls, name: str, value: object) -> str | None:
        """Return the folder of this host that it writes into, None where it lies in HDFS."""
        folder = divided(str(value))[0] if name == "path" else str(value)
        return folder if folder.startswith("/") else None

    @classmethod
    def template(cls, values: dict[str, Any]) -> str:
        """Return the template of the folders that files go into."""
        return divided(str(values["path"]))[1]

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield what is wrong with the url, and with everything else that makes files."""
        wrong = list(mistakes(str(values["path"]), values["namenodes"]))
        for name, sentence in wrong:
            yield Contradiction((name,), sentence)
        if wrong:
            return
        yield from super().contradictions(values)
        if cls.folder("path", values["path"]) is not None:
            for name in ("user", "token", "ca"):
                if values[name] is not None:
                    yield Contradiction((name, "path"), f"`file://` has no `{name}`")
        elif values["ca"] is not None:
            asked = located(divided(str(values["path"]))[0], values["namenodes"]).namenodes
            if not any(url.startswith("https:") for url in asked):
                yield Contradiction(("ca", "path"), "`ca` is for TLS: `swebhdfs://`")

    def run(self, context: "SinkContext") -> None:
        """Deliver the channel's events into files until the agent stops, then roll what is open."""
        from flumec.runtime.output.local import LocalStore
        from flumec.runtime.output.store import Store

        token = context.secret(self.token) if self.token is not None else None

        def open_store(directory: str, sink: str) -> Store:
            if directory.startswith("/"):
                epoch, disk = context.consumer.epoch, context.disk
                return LocalStore(Path(directory), sink, epoch, disk, host=context.host)
            from flumec.runtime.output.webhdfs import open_webhdfs  # what it needs is large

            return open_webhdfs(self.location(directory, token), sink, context)

        directory, template = divided(self.path)
        self.deliver(context, directory, template, open_store)

    def location(self, directory: str, token: str | None) -> HdfsLocation:
        """Return how to reach a folder in HDFS: the sink's own, or one that it has left.

        The NameNodes are those of its file system; another one's follow from its url. A url that
        names no host is a pair's, whose name changed at most: those of the sink are asked. In
        another file system they don't have the sink's folder, and then nothing is taken for done.
        """
        own = located(divided(str(self.path))[0], self.namenodes).namenodes
        same = nameservice(directory) == nameservice(self.path) or not _is_host(directory)
        found = located(directory, own if same else ())
        ca = None if self.ca is None else str(self.ca)
        return replace(found, user=self.user, token=token, ca=ca)


def _is_host(directory: str) -> bool:
    """Say whether the url of a folder names a host, and not a pair of NameNodes."""
    import socket

    name, _, port = nameservice(directory).partition(":")
    if port:
        return True
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True
