"""A file on its way into an HDFS: staged on the local disk, uploaded whole, and hidden there."""

import posixpath
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from flumec.runtime.disk import Bytes
from flumec.runtime.output.staging import Staged
from flumec.runtime.output.store import Unavailable

if TYPE_CHECKING:
    from flumec.runtime.output.webhdfs import WebHdfsStore


class WebHdfsHidden:
    """A file that is staged, and hidden in the HDFS once it is finished."""

    def __init__(self, store: "WebHdfsStore", staged: Staged, path: str) -> None:
        self.name = store.named(path)
        self._store = store
        self._staged = staged
        self._path = path
        self._uploads = 0
        self._sent = ""
        self._hidden = False

    def write(self, buffers: Sequence[Bytes]) -> None:
        """Append to what is staged."""
        self._staged.write(buffers)

    def finish(self) -> None:
        """Upload it, and compare the length. After Unavailable the same call may be made again."""
        if not self._sent:
            self._sent = self._upload()
        there, size = self._store.length(self._sent), self._staged.size
        if there != size:
            torn, self._sent = self._sent, ""
            self._store.leave(torn)
            folder = posixpath.dirname(torn)
            raise Unavailable(f"cannot upload to `{folder}`: {there} of {size} bytes are there")
        self.name = self._store.named(self._sent)
        self._hidden = True
        with suppress(OSError):  # what stays is removed at the next start
            self._staged.remove()

    def _upload(self) -> str:
        """Send the content under a name that no attempt had before: it may still be written to."""
        self._uploads += 1
        path = self._path if self._uploads == 1 else f"{self._path}.{self._uploads}"
        try:
            self._store.upload(path, self._staged)
        except OSError:
            self._store.leave(path)
            raise
        return path

    def discard(self) -> None:
        """Forget what is staged, or hidden."""
        if self._hidden:
            self._store.remove([self.name])
        else:
            self._staged.remove()
            if self._sent:
                self._store.leave(self._sent)
