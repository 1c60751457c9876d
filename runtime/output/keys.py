"""Where a sink keeps the keys that it has seen, and what needs no look-up."""

from pathlib import Path

from flumec.runtime.context import Context
from flumec.runtime.dedup.memory import run_name


def directory(context: Context, sink: str) -> Path:
    """Return where the runs of a sink's keys lie; `sink` is its minted name."""
    return context.state / "dedup" / sink


def copies_of(context: Context, sink: str, hidden: str) -> int:
    """Return how many copies an intent is past, which begins at the file `hidden`."""
    from flumec.runtime.dedup.run import open_run

    run = open_run(directory(context, sink), run_name(hidden), context.disk)
    if run is None:
        return 0
    run.close()
    return run.copies


def forget(context: Context, sink: str) -> None:
    """Remove the keys of a sink that leaves no copies out any more."""
    place = directory(context, sink)
    try:
        names = context.disk.names(place)
    except FileNotFoundError:
        return
    for name in names:
        context.disk.unlink(place / name)
    context.disk.remove_directory(place)
