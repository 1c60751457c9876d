"""Trying again while a disk or server can't: with growing pauses, and said aloud."""

import errno
from collections.abc import Callable
from typing import TypeVar

from flumec.runtime.context import Context
from flumec.runtime.output.failing import Failing, Undeliverable
from flumec.runtime.output.store import Unknown
from flumec.runtime.retry import Backoff

T = TypeVar("T")

_REMEDIES = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota is used up: raise it or make room",
    errno.EACCES: "permission denied: let the agent's user write there",
    errno.EPERM: "not permitted: let the agent's user write there",
    errno.EROFS: "the file system is read-only: mount it for writing",
    errno.EIO: "the disk reports an error: look at the kernel's log",
    errno.ENOTDIR: "a part of the path is a file: move it away",
    errno.EMFILE: "too many open files: raise LimitNOFILE or lower `max_open`",
}


class GivenUp(Exception):  # noqa: N818 the agent's wish, not an error
    """The agent stops while something still fails; the rest is done after its next start."""


class Patience:
    """Runs steps that may fail for a while, and tells the agent meanwhile."""

    def __init__(self, context: Context, failing: Failing, *, longest: float = 5.0) -> None:
        self._context = context
        self._failing = failing
        self._backoff = Backoff(0.1, longest)

    def until(self, step: Callable[[], T]) -> T:
        """Return the step's result; repeat it after an OSError or Unknown until the agent stops."""
        while True:
            try:
                result = step()
            except (OSError, Unknown) as error:
                self.pause(error)
            else:
                self.over()
                return result

    def pause(self, error: OSError | Unknown) -> None:
        """Say what fails, and wait; raise GivenUp when the agent stops, Undeliverable when late."""
        reason = explain(error)
        self._context.counters.add("write_failures")
        self._context.fail(reason)
        self._failing.again()
        if self._failing.youngest is not None and not self._context.stopping:
            raise Undeliverable(reason)
        self.rest(reason)

    def rest(self, reason: str) -> None:
        """Wait, longer each time; raise GivenUp when the agent stops."""
        rest = self._context.wait if self._failing.gives_up else self._context.rest
        if self._context.stopping or rest(self._backoff.delay()):
            raise GivenUp(reason)
        self._context.counters.add("retries")

    def over(self) -> None:
        """Say that it works again, if it did not."""
        if self._backoff.failures:
            self._backoff.reset()
            self._context.fail("")


def explain(error: OSError | Unknown) -> str:
    """Return what is wrong, where, and what to do about it, in one line."""
    if isinstance(error, Unknown):
        return str(error)
    remedy = _REMEDIES.get(error.errno or 0, error.strerror or str(error))
    return f"cannot write `{error.filename}`: {remedy}" if error.filename else remedy
