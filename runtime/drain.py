"""An orderly end: first what comes in stops, then what is held goes out, then the rest stops."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from flumec.runtime import logs
from flumec.runtime.messages.agent import FailedStopping, NotStopped
from flumec.runtime.staff import Staff
from flumec.runtime.watch import Watch
from flumec.runtime.worker import Worker


def drain(
    staff: Staff,
    watch: Watch,
    kept: Mapping[str, bool],
    seconds: float,
    settle: "Callable[[], Sequence[Future[Any]]]",
) -> bool:
    """End all work within `seconds`; return whether every worker finished without an error.

    Sources and receivers get a quarter of the time, consumers half of it to catch up and the
    rest to finish. `kept` says, by consumer, whether what it leaves behind is kept for the next
    start: if so nobody waits for a consumer that cannot work. `settle` has journals that sync now
    and then show what they were given last.
    """
    for worker in staff.consumers:
        if worker.paused and not kept[worker.name]:
            worker.resume()  # what its channel holds goes out now, or never
    stop(staff.feeders, watch, seconds / 4)
    shown = settle()
    watch.until(
        lambda: (
            all(each.done() for each in shown)
            and all(_caught_up(worker, kept) for worker in staff.consumers)
        ),
        seconds / 2,
    )
    stop(staff.consumers, watch, seconds / 4)
    for worker in staff.workers:
        if not worker.ended:
            logs.of(worker.name).error(NotStopped())
        elif worker.error is not None:
            logs.of(worker.name).error(FailedStopping(reason=logs.reason(worker.error)))
    return all(worker.ended and worker.error is None for worker in staff.workers)


def stop(workers: Iterable[Worker], watch: Watch, seconds: float) -> bool:
    """Tell workers to finish and return; return whether all did within `seconds`."""
    told = list(workers)
    for worker in told:
        worker.end()
    return watch.until(lambda: all(worker.ended for worker in told), seconds)


def _caught_up(worker: Worker, kept: Mapping[str, bool]) -> bool:
    """Whether waiting is of no use: all is read, or the consumer does not work and all is kept."""
    if worker.ended or ((worker.dry or worker.idle) and not worker.unread()):
        return True
    return bool(worker.failing or worker.paused) and kept[worker.name]
