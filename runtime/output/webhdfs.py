"""A directory of an HDFS as a place to publish files in, by WebHDFS.

    <directory>/.flumec/<sink>/<epoch>.<host>/<epoch>-7     hidden
    <directory>/<bucket>/<final name>                       published

WebHDFS can't flush, and a file whose writer was cut off is closed as if it were whole. So a file is
staged on the local disk, uploaded in one request when it is finished, and counts as hidden only
once its length is that of what was sent. A start renames the sink's folder to its own name, see
`holding`: of a process that is still alive somewhere neither an upload finds its folder nor a
rename its file.

Hidden and published files are below one directory, and so on one file system and, unless a folder
below it is made one of its own, in one encryption zone: there is nothing to check at the start, and
a rename that fails for such a reason says so.
"""

import posixpath
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from flumec.runtime.context import SinkContext
from flumec.runtime.messages.output import HiddenFileStays
from flumec.runtime.output.holding import Claim, Holder, Holding
from flumec.runtime.output.staging import Stage, Staged
from flumec.runtime.output.store import Unavailable
from flumec.runtime.output.template import OURS
from flumec.runtime.output.webhdfs_client import Entry, WebHdfs
from flumec.runtime.output.webhdfs_hidden import WebHdfsHidden
from flumec.runtime.output.webhdfs_location import HdfsLocation
from flumec.runtime.output.webhdfs_tree import WebHdfsTree

_MOST_REMEMBERED = 10_000


def open_webhdfs(location: HdfsLocation, sink: str, context: SinkContext) -> "WebHdfsStore":
    """Return the store of a sink; nothing is asked of the HDFS yet."""
    stage = Stage(context.state, sink, context.consumer.epoch, context.disk)
    directory = location.directory.rstrip("/")
    remote = WebHdfs(location, context)
    return WebHdfsStore(directory, sink, context, stage, remote, prefix=location.prefix)


class WebHdfsStore:
    """The directory of one sink, in one start of its agent."""

    def __init__(
        self,
        directory: str,
        sink: str,
        context: SinkContext,
        stage: Stage,
        remote: WebHdfs,
        *,
        prefix: str,
    ) -> None:
        self._prefix = prefix
        self._directory = directory
        self._epoch = context.consumer.epoch.hex()
        here = Holder.here(context.consumer.epoch, context.host)
        self._holding = Holding(WebHdfsTree(remote), f"{directory}/{OURS}", sink, here)
        self._folder = self._holding.path
        self._stage = stage
        self._remote = remote
        self._context = context
        self._number: int | None = None
        self._count = 0
        self._confirmed = False
        self._made: set[str] = set()
        self._published: set[str] = set()
        self._in_doubt: set[str] = set()
        self._left: list[str] = []

    def take_over(self, claim: Claim, *, witness: bool) -> Mapping[str, str]:
        """Take the sink's folder; return where each hidden file of an older start is now."""
        self._stage.clear()
        self._holding.take(claim, witness=witness)
        ours = self._remote.status(self._folder)
        if ours is None:
            raise FileNotFoundError(self._folder)
        self._number = ours.number
        return self._flattened()

    def _flattened(self) -> dict[str, str]:
        """Return what is hidden; older runtimes have left folders in folders."""
        entries = self._remote.entries(self._folder)
        found = {e.name: self.named(f"{self._folder}/{e.name}") for e in entries if not e.is_folder}
        folders = [e.name for e in entries if e.is_folder and e.name != self._holding.marker]
        while folders:
            folder = f"{self._folder}/{folders.pop()}"
            for entry in self._remote.entries(folder):
                inner = f"{folder}/{entry.name}"
                if entry.is_folder:
                    folders.append(self._brought(inner, entry))
                else:
                    found[entry.name] = self.named(inner)
        return found

    def _brought(self, folder: str, entry: Entry) -> str:
        """Move a folder up into ours; return its name there."""
        for name in (entry.name, f"{entry.name}.{entry.number}"):
            with suppress(FileExistsError):  # one that came about again after it was taken
                self._remote.move(folder, f"{self._folder}/{name}")
                return name
        raise Unavailable(f"cannot move `{folder}`: its name is taken in `{self._folder}`")

    def create(self) -> WebHdfsHidden:
        """Begin the next file, on the local disk; whether its folder is ours shows later."""
        self._count += 1
        path = f"{self._folder}/{self._epoch}-{self._count}"
        return WebHdfsHidden(self, self._stage.begin(), path)

    def secure(self) -> None:
        """Make sure that what was uploaded is in our folder, and no other has come in its place.

        A folder that is taken away never comes back with its number. So what was uploaded to it is
        where a newer start finds it, or no newer start has been there.
        """
        ours = self._remote.status(self._folder)
        if ours is None or ours.number != self._number:
            raise self._holding.gone()
        left, self._left = self._left, []
        for path in left:
            try:
                self._remote.remove(path)
            except OSError as error:
                self._left.append(path)
                self._context.log.warning(HiddenFileStays(name=path, reason=error))

    def mark(self, intents: int) -> None:
        """Show how many intents are made."""
        self._holding.mark(intents)

    def publish(self, files: Sequence[tuple[str, str]]) -> None:
        """Rename each file. It is durable once that is answered."""
        for hidden, final in files:
            if hidden not in self._published:
                self._publish(self._path(hidden), self._final(final))
                self._published.add(hidden)
        self._published.difference_update(hidden for hidden, _ in files)

    def _publish(self, source: str, target: str) -> None:
        """Publish one file; a name that is taken by another file is never overwritten."""
        folder = posixpath.dirname(target)
        if folder not in self._made:
            self._make(folder)
        try:
            self._remote.move(source, target)
        except FileExistsError:
            self._replace(source, target)
        except FileNotFoundError:
            self._made.discard(folder)
            if self._remote.status(source) is not None:
                raise Unavailable(
                    f"cannot publish `{target}`: its folder was removed while it was published"
                ) from None
            if source not in self._in_doubt or not self._is_ours():
                raise self._holding.gone() from None
            self._settle()
        except Unavailable:
            self._in_doubt.add(source)
            raise
        self._in_doubt.discard(source)

    def _replace(self, source: str, target: str) -> None:
        """Take a file with the same name and length for ours."""
        ours, there = self._remote.status(source), self._remote.status(target)
        if ours is None:
            raise self._holding.gone()
        if there is None or there.is_folder or there.length != ours.length:
            raise Unavailable(
                f"cannot publish `{target}`: it exists, and is not ours: move it away"
            )
        self._remote.remove(source)

    def is_hidden(self, hidden: str) -> bool:
        """Whether a file was not published; a rename without an answer is looked for."""
        source = self._path(hidden)
        if hidden in self._published:
            return False
        if self._remote.status(source) is not None:
            return True
        if source not in self._in_doubt or not self._is_ours():
            raise self._holding.gone()
        return False

    def confirm(self, finals: Sequence[str]) -> None:
        """Make sure that what `take_over` was shown, hidden files that are gone, is durable."""
        if finals and not self._confirmed:
            self._settle()
            self._confirmed = True

    def remove(self, hidden: Collection[str]) -> None:
        """Remove the files, and the folders of older starts, which are empty then."""
        for path in hidden:
            self._remote.remove(self._path(path))
        with suppress(FileNotFoundError):
            for entry in self._remote.entries(self._folder):
                folder = f"{self._folder}/{entry.name}"
                if not entry.is_folder or entry.name == self._holding.marker:
                    continue
                if not self._remote.entries(folder):
                    self._remote.remove(folder)

    def upload(self, path: str, staged: Staged) -> None:
        """Upload to a path in our folder."""
        try:
            self._remote.upload(path, staged)
        except FileNotFoundError:
            raise self._holding.gone() from None

    def length(self, path: str) -> int:
        """Return the length of what was uploaded."""
        there = self._remote.status(path)
        if there is None:
            raise self._holding.gone()
        return there.length

    def leave(self, path: str) -> None:
        """Note what an upload may have left, to be removed when there is time."""
        self._left.append(path)

    def named(self, path: str) -> str:
        """Return a path as an intent has it."""
        return self._prefix + path

    def _path(self, hidden: str) -> str:
        return hidden.removeprefix(self._prefix)

    def _final(self, final: str) -> str:
        """Return where a file is published; HDFS has no colons in names."""
        return f"{self._directory}/{final.replace(':', '%3A')}"

    def _make(self, folder: str) -> None:
        if len(self._made) >= _MOST_REMEMBERED:
            self._made.clear()
        self._remote.make(folder)
        self._made.add(folder)

    def _settle(self) -> None:
        """Have a change stored, and with it all that was shown before."""
        self._remote.touch(self._folder, self._context.clock.now_ns() // 1_000_000)

    def _is_ours(self) -> bool:
        ours = self._remote.status(self._folder)
        return ours is not None and ours.number == self._number
