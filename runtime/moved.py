"""Whether a state directory was last used on another machine: it was moved, restored or cloned."""

from pathlib import Path

from flumec.runtime import logs
from flumec.runtime.disk import Disk
from flumec.runtime.journal.entries import OpenEntry, records
from flumec.runtime.journal.inspection import segments
from flumec.runtime.journal.layout import PAGE, NewerFormat
from flumec.runtime.journal.scan import header_of
from flumec.runtime.journal.walk import GroupReader, segment_path
from flumec.runtime.messages.agent import CameFromElsewhere


def last_opened(journal: Path, disk: Disk) -> OpenEntry | None:
    """Return who opened a journal last, None where that cannot be read: recovery says why."""
    for number in reversed(segments(journal, disk)):
        file = disk.open(segment_path(journal, number))
        try:
            header = header_of(file)
            if header is None:
                continue
            opening = GroupReader(file, header.epoch).group(PAGE, file.stat().st_size)
        except NewerFormat:
            return None
        finally:
            file.close()
        if opening is not None:
            _, opened = next(records(opening[1]))
            return OpenEntry.decode(opened)
    return None


def tell_if_elsewhere(state: Path, disk: Disk, machine: str) -> None:
    """Warn if another machine used the state last; a boot more of the same one is no news."""
    opened = last_opened(state / "journal", disk)
    before = opened.machine.partition(":")[0] if opened is not None else ""
    if opened is not None and before and before != machine.partition(":")[0]:
        logs.of("agent").warning(CameFromElsewhere(state=str(state), host=opened.host))
