"""Why a command could not run: exit status 2, and one message that says what to do."""

import difflib
from collections.abc import Iterable
from pathlib import Path


class CannotRun(Exception):  # noqa: N818 it reads as what happened
    """A command cannot do its work; the message says why."""


def unreadable(path: Path, error: OSError) -> CannotRun:
    """Return the failure for a file that cannot be read, with what may have been meant."""
    if isinstance(error, FileNotFoundError):
        return CannotRun(f"there is no file `{path}`{_meant_file(path)}")
    if isinstance(error, IsADirectoryError):
        return CannotRun(f"`{path}` is a folder; name the .flow files in it")
    return CannotRun(f"cannot read `{path}`: {error.strerror or error}")


def meant(word: str, names: Iterable[str]) -> str:
    """Return `; did you mean …?` with the nearest of `names`, or nothing."""
    near = difflib.get_close_matches(word, list(names), n=1, cutoff=0.5)
    return f"; did you mean `{near[0]}`?" if near else ""


def _meant_file(path: Path) -> str:
    try:
        names = [other.name for other in path.parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"; did you mean `{path.with_name(near[0])}`?" if near else ""
