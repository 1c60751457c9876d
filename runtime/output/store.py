"""What a place that files are published in must be able to do, be it a local disk or a remote one.

The rules that make a delivery exact: a file is complete and durable under a hidden name before the
intent to publish it is stored; publishing is one atomic rename; and the hidden file is the witness.
It is gone exactly if it was published, whatever happened to the final one since. Hidden files
therefore lie in a folder of our own, which nobody else cleans.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from flumec.runtime.disk import Bytes

if TYPE_CHECKING:
    from flumec.runtime.output.holding import Claim


class TakenOver(Exception):  # noqa: N818 a fact, and the end of this sink's work
    """A newer start of the same sink has taken the hidden files; this one must write no more."""


class Superseded(Exception):  # noqa: N818 a fact, and a matter for an operator
    """Another copy of the state has written since this one was copied; the message says who.

    Nothing may be written until the folder is handed over. The same call may be made again.
    """


class Unknown(Exception):  # noqa: N818 an answer
    """Whether a file was published can't be told now; the message says what is in the way."""


class Unavailable(OSError):  # noqa: N818 a state, which passes
    """A remote place can't be worked in for now; the message says why, and what to do.

    Nothing that was handed over is lost by it: the same call may be made again.
    """


class Hidden(Protocol):
    """A file that nobody sees yet."""

    name: str
    """Where it is hidden, as the intent has it; final once it is finished."""

    def write(self, buffers: Sequence[Bytes]) -> None:
        """Append the buffers; after an OSError the same call may be made again."""

    def finish(self) -> None:
        """Make the content durable, in any thread; several files at once may be finished so.

        After Unavailable the same call may be made again; after another OSError the file must be
        discarded. Raise TakenOver as `Store.create` does.
        """

    def discard(self) -> None:
        """Forget the file."""


class Store(Protocol):
    """A directory with a hidden folder of one sink's."""

    def take_over(self, claim: "Claim", *, witness: bool) -> Mapping[str, str]:
        """Take what older starts have hidden, so that they can't publish any more.

        Return where each hidden file is now, by the last part of its name. With `witness`, raise
        Unknown if the sink's folder isn't there at all: then nothing follows from a missing file.
        Raise Superseded where another start holds it that the claim does not know of, or more was
        published than it knows of.
        """

    def create(self) -> Hidden:
        """Begin a hidden file; raise TakenOver when the folder is gone, Unknown with all around."""

    def secure(self) -> None:
        """Make the hidden names of finished files durable; raise TakenOver as `create` does."""

    def mark(self, intents: int) -> None:
        """Show that so many intents are made, before `publish` is called for the last of them.

        May be called again after an OSError. Raise TakenOver or Unknown as `publish`.
        """

    def publish(self, files: Sequence[tuple[str, str]]) -> None:
        """Give hidden files their final names, durably: (hidden, final below the directory).

        May be called again after an OSError; files that it has published are passed over. Raise
        TakenOver or Unknown, as `create`, when a hidden file is gone that it has not published.
        """

    def is_hidden(self, hidden: str) -> bool:
        """Whether a file that `publish` failed with is hidden still, and so was not published.

        Raise TakenOver or Unknown, as `publish`, where it is gone and was not published by us.
        """

    def confirm(self, finals: Sequence[str]) -> None:
        """Make durable what an earlier start has published, as far as it is still there."""

    def remove(self, hidden: Collection[str]) -> None:
        """Remove hidden files that were never intended, and empty folders of older starts."""
