"""What new and emptied files are: files of their own, copies, or old ones under another inode."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from flumec.runtime.journal.records import Progress
from flumec.runtime.messages.tail import Emptied, LostUnread
from flumec.runtime.tail.copies import Originals, Verdict, read_before, rest_of
from flumec.runtime.tail.file import Followed
from flumec.runtime.tail.identity import SAMPLE, digest, nature, sample
from flumec.runtime.tail.position import Position
from flumec.runtime.tail.registry import Registry, Undecided, mint
from flumec.runtime.tail.scan import Scanner

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext
    from flumec.runtime.sources.taildir import Taildir

_BACKWARDS = 1 << 16


class Decider:
    """Turns undecided and emptied files into followed ones; `store` puts progress without lines."""

    def __init__(
        self,
        source: "Taildir",
        context: "SourceContext",
        registry: Registry,
        scanner: Scanner,
        store: Callable[[Sequence[Progress]], None],
    ) -> None:
        self._source = source
        self._context = context
        self._registry = registry
        self._scanner = scanner
        self._store = store

    def decide(self, now: float) -> list[Followed]:
        """Return files to be read: what grew out of sight, then those newly known, oldest first.

        A new file is judged when everything that is older is known, and waits for what of that has
        left its name and was not read to its end: in its own folder, or where rotation puts files.
        """
        sure = [new for new in self._registry.undecided.values() if self._scanner.is_sure(new)]
        ready = [new for new in sure if self._has_news(new, now)]
        if not ready:
            return []
        ready.sort(key=lambda new: (self._scanner.stands(new.path), new.modified, new.path))
        originals = Originals(self._registry, self._source.rotation)
        grown = self._grown(now)
        earlier = [file for file in self._registry if file.displaced and not file.at_end]
        decided: list[Followed] = []
        for new in ready:
            if (file := self._judge(new, originals, now)) is not None:
                file.waits_for = [f for f in earlier if self._precedes(f, file)]
                decided.append(file)
                if file.displaced:
                    earlier.append(file)
        return [*grown, *decided]

    def _precedes(self, away: Followed, new: Followed) -> bool:
        """Return whether what is in a file that left its name may be older than a new file."""
        folder = _folder(away.path)
        return folder == _folder(new.path) or not self._scanner.is_home(folder)

    def _grown(self, now: float) -> list[Followed]:
        """Return the files that lost their names and to which something came since they were read.

        What came to them is older than what a new file has, and inotify does not tell of it.
        """
        wall = self._context.clock.now_ns()
        away = [file for file in self._registry if file.displaced and file.descriptor >= 0]
        grown = [file for file in away if file.look(now, wall)]
        for file in grown:
            file.at_end = False
        return grown

    def _has_news(self, new: Undecided, now: float) -> bool:
        """Look at an undecided file; return whether there is something to judge."""
        try:
            status = os.fstat(new.descriptor)
        except OSError:  # stale, on NFS; it is met again if it is still there
            self._registry.drop(new)
            return False
        if status.st_size != new.size:
            new.size, new.modified, new.changed = status.st_size, status.st_mtime_ns, now
            return new.size > 0
        at_rest = now - new.changed >= self._source.idle
        if new.size == 0:
            if status.st_nlink == 0 or (at_rest and not self._scanner.means(new.path)):
                self._registry.drop(new)
            return False
        original = new.original
        return at_rest or original is None or not self._is_known(original)

    def _is_known(self, file: Followed) -> bool:
        return self._registry.by_place.get(file.nature.place) is file

    def _judge(self, new: Undecided, originals: Originals, now: float) -> Followed | None:
        """Return the file that a new one is; None as long as it has nothing of its own."""
        held = new.original if new.original and not new.original.truncated else None
        at_rest = now - new.changed >= self._source.idle
        if held is not None and (at_rest or not self._is_known(held)):
            return self._begin(new, new.size, now)
        match originals.judge(new):
            case Verdict.NEW:
                return self._begin(new, 0, now)
            case Verdict.SAME if new.original is not None:
                return self._continue(new.original, new, now)
        return None

    def _begin(self, new: Undecided, offset: int, now: float) -> Followed:
        """Follow a new file from `offset`; what is before that came by another file."""
        descriptor = self._registry.settle(new).descriptor
        file = Followed(mint(), new.path, new.nature)
        rotated = self._scanner.is_rotated(new.path)
        file.displaced = rotated or not self._scanner.means(new.path) or _is_elsewhere(new)
        file.matched = not _is_elsewhere(new) and self._scanner.means(new.path)
        file.changed = now
        self._enter(file, descriptor)
        if offset:
            self.start_at(file, offset)
        return file

    def start_at(self, file: Followed, offset: int) -> None:
        """Store that a file is read from `offset` only."""
        file.position = Position(offset)
        file.head_length = min(SAMPLE, offset)
        file.head = digest(os.pread(file.descriptor, file.head_length, 0))
        file.tail = sample(file.descriptor, offset)
        file.sent = file.stored = file.position.encode()
        self._store(
            [file.progress(self._source.name, self._context.clock.now_ns(), b"", file.sent)]
        )

    def skip_lines(self, files: Iterable[Followed]) -> None:
        """Begin files behind their last lines."""
        for file in files:
            if (end := self._last_line_end(file)) > 0:
                self.start_at(file, end)

    def _last_line_end(self, file: Followed) -> int:
        """Return the offset behind the last newline, looking back `max_line` bytes at most."""
        end = os.fstat(file.descriptor).st_size
        least = max(0, end - self._source.max_line)
        at = end
        while at > least:
            length = min(_BACKWARDS, at - least)
            found = os.pread(file.descriptor, length, at - length).rfind(b"\n")
            if found >= 0:
                return at - length + found + 1
            at -= length
        return end if least else 0

    def _continue(self, file: Followed, new: Undecided, now: float) -> Followed:
        """Go on with a missing file, which is the same one by its content."""
        descriptor = self._registry.settle(new).descriptor
        file.displaced = new.path != file.path or self._scanner.is_rotated(new.path)
        file.path, file.nature, file.matched = new.path, new.nature, True
        file.at_end, file.modified, file.changed = False, -1, now
        self._enter(file, descriptor)
        return file

    def _enter(self, file: Followed, descriptor: int) -> None:
        self._registry.add(file, descriptor)
        if file.matched:
            self._registry.by_path[file.path] = file

    def emptied(self) -> list[Followed]:
        """Return the files that were emptied, as soon as no put of them is under way.

        One emptied file brings the others of its directory to light: a rotation may have written
        its copy over an older one, which then must not be taken for what it was.
        """
        found = [file for file in self._registry if file.truncated]
        folders = {_folder(file.path) for file in found}
        for file in self._registry if found else ():
            if _folder(file.path) in folders and file.descriptor >= 0:
                with contextlib.suppress(OSError):
                    file.truncated = file.truncated or not file.is_intact()
        found = [file for file in self._registry if file.truncated]
        return [] if any(file.flights for file in found) else found

    def replace(self, emptied: Sequence[Followed], now: float) -> list[Followed]:
        """Return what goes on of emptied files: of each its copy, if there is one.

        The old key goes on in the copy, from the position at which the file was emptied; without a
        copy what was not read is lost, and counted. An emptied file is a new one, and undecided.
        """
        for file in emptied:
            descriptor = os.dup(file.descriptor)
            self._registry.forget(file)
            self._registry.undecided[file.path] = Undecided(
                file.path, descriptor, file.nature, 0, now
            )
        return [copy for file in emptied for copy in self._copies(file, now)]

    def _copies(self, file: Followed, now: float) -> Iterator[Followed]:
        """Go on in an emptied file's copy, and behind those that have nothing to be read."""
        self._context.counters.add("truncations")
        folder = _folder(file.path)
        copy = rest_of(file, self._registry, self._source.rotation, folder)
        self._tell_of_truncation(file.path, file.unread if copy is None else 0)
        if copy is not None:
            self._go_on_in(file, *copy, now)
            yield file
        elif file.stored:
            self._store([file.end(self._source.name)])
        if self._source.rotation == "copytruncate":
            for short in read_before(file, self._registry, folder):
                yield self._pass_over(*short, now)

    def _pass_over(self, path: str, descriptor: int, now: float) -> Followed:
        """Begin a copy at its end."""
        known = self._registry.undecided.get(path)
        if known is not None:
            self._registry.drop(known)
        status = os.fstat(descriptor)
        new = Undecided(path, descriptor, nature(descriptor, status), status.st_size, now)
        self._registry.hold(new)
        return self._begin(new, new.size, now)

    def _go_on_in(self, file: Followed, path: str, descriptor: int, now: float) -> None:
        known = self._registry.undecided.get(path)
        if known is not None:
            self._registry.drop(known)
        file.path, file.nature = path, nature(descriptor, os.fstat(descriptor))
        file.matched = self._scanner.means(path)
        file.displaced, file.truncated, file.at_end = True, False, False
        file.modified, file.changed = -1, now
        self._enter(file, descriptor)
        if file.stored:
            now_ns = self._context.clock.now_ns()
            self._store([file.progress(self._source.name, now_ns, file.stored, file.stored)])

    def _tell_of_truncation(self, path: str, lost: int) -> None:
        log = self._context.log
        if lost:
            self._context.counters.add("bytes_lost", lost)
            log.error(LostUnread(path=path, count=lost))
        if self._source.rotation == "copytruncate":
            log.info("%s was emptied: it is read from its start", path)
        else:
            log.warning(Emptied(path=path, rotation=self._source.rotation))


def _folder(path: str) -> str:
    return os.path.dirname(path)  # noqa: PTH120 thousands of files


def _is_elsewhere(new: Undecided) -> bool:
    """Return whether an undecided file has already left its name."""
    try:
        status = os.stat(new.path)  # noqa: PTH116
    except OSError:
        return True
    return (status.st_dev, status.st_ino) != new.nature.place
