"""What an error of the disk says when it keeps an agent's state or a journal shut."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flumec.runtime.errors import StartError

_REMEDIES = {
    errno.EIO: "The disk reports an error: look at `dmesg` and `smartctl`. ",
    errno.EROFS: "Mount it for writing. ",
    errno.EACCES: "Let the agent's user read and write there. ",
    errno.ENOTCONN: "Mount it again: its server is gone. ",
}


@contextmanager
def saying_where(place: Path) -> Iterator[Path]:
    """Have an error of the disk say what could not be opened: those of open files name nothing."""
    try:
        yield place
    except OSError as error:
        what = error.strerror or str(error)
        if error.filename:
            what = f"{error.filename}: {what}"
        raise StartError(
            f"{place} cannot be opened: {what}. {_REMEDIES.get(error.errno or 0, '')}"
            "Nothing is lost by that: start again when the disk is well"
        ) from error
