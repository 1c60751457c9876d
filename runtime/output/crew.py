"""The threads of one sink: they encode, finish and upload its files, several at a time."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from flumec.runtime.context import Context
from flumec.runtime.output.opened import Opened
from flumec.runtime.output.store import Unknown

Failure = OSError | Unknown
Step = Callable[[Opened], None]

_LONGEST_WAIT = 1.0


class Crew:
    """Runs a step for many files. The files of one bucket are one thread's, in their order.

    With one worker there is no other thread: the sink's own does the work.
    """

    def __init__(self, workers: int, context: Context) -> None:
        self._pool = ThreadPoolExecutor(workers, "files") if workers > 1 else None
        self._context = context

    def each(self, files: Iterable[Opened], step: Step) -> list[tuple[Opened, Failure]]:
        """Return the files that could not do it, and why; raise what is no OSError or Unknown.

        A file whose turn comes after one of its own bucket that failed has failed as well.
        """
        buckets: dict[str, list[Opened]] = {}
        for file in files:
            buckets.setdefault(file.bucket, []).append(file)
        if self._pool is None or len(buckets) < 2:
            return [failed for mine in buckets.values() for failed in _in_order(mine, step)]
        under_way = [self._pool.submit(_in_order, mine, step) for mine in buckets.values()]
        self._await(under_way)
        return [failed for one in under_way for failed in one.result()]

    def dismiss(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _await(self, under_way: list[Future[list[tuple[Opened, Failure]]]]) -> None:
        """Wait until all is done; the watchdog hears of each that is."""
        changed = threading.Condition()
        for one in under_way:
            one.add_done_callback(lambda _: _notify(changed))
        done = -1
        with changed:
            while done < len(under_way):
                if (now := sum(one.done() for one in under_way)) > done:
                    done = now
                    self._context.alive()
                else:
                    self._context.clock.wait(changed, _LONGEST_WAIT)


def _notify(changed: threading.Condition) -> None:
    with changed:
        changed.notify_all()


def _in_order(files: list[Opened], step: Step) -> list[tuple[Opened, Failure]]:
    for place, file in enumerate(files):
        try:
            step(file)
        except (OSError, Unknown) as error:
            return [(later, error) for later in files[place:]]
    return []
