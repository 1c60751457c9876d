"""The loop of a `taildir`: notice what changed, read, send, finish what is at rest."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Self

from flumec.runtime.journal.records import Progress
from flumec.runtime.messages.tail import FolderMissing
from flumec.runtime.tail import recovery
from flumec.runtime.tail.decide import Decider
from flumec.runtime.tail.faults import Faults
from flumec.runtime.tail.file import Followed, TruncatedError, Window
from flumec.runtime.tail.flights import Flights
from flumec.runtime.tail.lines import Splitter
from flumec.runtime.tail.parcel import Parcel
from flumec.runtime.tail.poll import Poll
from flumec.runtime.tail.registry import Registry, most_handles
from flumec.runtime.tail.scan import Scanner
from flumec.runtime.tail.sightings import LISTINGS
from flumec.runtime.tail.watch import Watch

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext
    from flumec.runtime.sources.taildir import Taildir

LONGEST_WAIT = 0.25
"""Seconds after which the loop passes although nothing happened: it may be told to stop."""

WORTHWHILE = 4
"""While a put is under way, the next one waits for this share of a batch (one in so many)."""


class Follower:
    """One `taildir` at work. Everything happens in the thread that calls `run`."""

    def __init__(
        self, source: "Taildir", context: "SourceContext", watch: Watch | None = None
    ) -> None:
        self._source = source
        self._context = context
        self._registry = Registry(most_handles(), copies=source.rotation == "copytruncate")
        self._scanner = Scanner(source.files, source.rotated, self._registry, context.log)
        self._watch = watch or Watch(context.log)
        self._decider = Decider(source, context, self._registry, self._scanner, self._store)
        self._poll = Poll(self._registry, self._scanner, self._watch)
        self._faults = Faults(context)
        self._splitter = Splitter(source.line_end, source.max_line, source.long_line)
        self._window = Window.of(source.batch, self._splitter.window)
        self._flights = Flights(context, self._watch.ring, self._window)
        self._dirty: dict[Followed, None] = {}
        """Files in which there may be something to read, in the order of their turns."""
        self._since = 0.0
        """When the first of the dirty files became so."""
        self._open_ends: dict[Followed, None] = {}
        """Files that will be finished some day, and files with a rest that is no line yet."""
        self._broken: dict[Followed, OSError] = {}
        """Files that could not be read; each poll tries again."""
        self._next_poll = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flights.close()
        self._registry.close_all()
        self._watch.close()

    def run(self) -> None:
        """Follow until the agent stops. Raises what the journal raises."""
        self.begin()
        while not self._context.stopping:
            self._context.alive()
            moved = self.turn()
            self._context.idle(not self.has_work)
            if not moved:
                self._watch.wait(self._patience())

    def turn(self) -> bool:
        """Do what is to be done now; return whether anything was read."""
        for file in self._flights.settle():
            self._read_again(file)
        self._notice()
        moved = self._round()
        self._finish()
        return moved

    def begin(self) -> None:
        """Find the remembered files, and tell of those that are gone."""
        context, name = self._context, self._source.name
        positions = context.positions
        for folder in self._scanner.absent():
            context.log.warning(FolderMissing(path=folder))
        seen = recovery.load(positions, self._registry)
        self._watch.follow(self._scanner.directories)
        self._scan(frozenset())
        self._store(recovery.give_up(name, seen, self._registry, context))
        if self._source.skip_to_end and recovery.MARK not in positions:
            self._decider.skip_lines(self._registry if not positions else ())
            recovery.start_for_good(context, name)

    @property
    def _now(self) -> float:
        return self._context.clock.monotonic()

    def _store(self, progress: Sequence[Progress]) -> None:
        """Store progress without lines."""
        if progress:
            self._flights.send(None, progress, ())

    def _read_again(self, file: Followed) -> None:
        """Go back to what the journal has, after a put that it did not store."""
        stored = self._context.positions.get(file.key)
        file.rewind(stored.to if stored is not None else b"")
        self._mark([file])

    def _mark(self, files: Iterable[Followed]) -> None:
        """Note that there may be something to read."""
        for file in files:
            if not self._dirty:
                self._since = self._now
            self._dirty[file] = None

    def _notice(self) -> None:
        """Take in what inotify told, and poll when that is due."""
        changes = self._watch.changes()
        known = (self._registry.by_path.get(path) for path in changes.paths)
        self._mark(file for file in known if file is not None)
        if changes.names or changes.paths & self._scanner.faults.keys():
            self._scan(changes.deleted)
        elif changes.paths & self._registry.undecided.keys():
            self._decide()
        if self._now >= self._next_poll:
            self._next_poll = self._now + self._source.poll
            self._scan(frozenset())
            self._mark(self._poll.changed(self._now, self._context.clock.now_ns()))
            self._mark(self._broken)

    def _scan(self, deleted: AbstractSet[str]) -> None:
        """Find out which files there are, and what they are, as far as that can be told now."""
        listings = 0
        while listings < LISTINGS or self._scanner.has_more:
            listings += 1
            self._context.alive()
            self._scanner.scan(self._context.clock.now_ns(), self._now, deleted)
            for file in self._scanner.take_done():
                self._end(file)
            self._decide()
            if self._scanner.has_more:
                self._scanner.scan_more(self._now)
            if not self._scanner.is_unsettled:
                break
        else:
            self._next_poll = self._now
        self._watch.follow(self._scanner.directories)
        self._mark(f for f in self._registry if f.modified < 0 or (f.displaced and not f.at_end))
        self._faults.tell(self._scanner.all_faults | {f.path: e for f, e in self._broken.items()})

    def _decide(self) -> None:
        self._mark(self._decider.decide(self._now))
        if emptied := self._decider.emptied():
            for file in emptied:
                self._drop(file)
            self._mark(self._decider.replace(emptied, self._now))
            self._mark(self._decider.decide(self._now))

    def _round(self) -> bool:
        """Read once from each file that has something; return whether anything was read."""
        ready = [file for file in self._dirty if self._may_read(file)]
        if not ready or not self._flights.has_room() or self._should_wait(ready):
            return False
        parcel = Parcel(self._source)
        for file in ready:
            self._read(file, parcel, final=False)
            if parcel.size >= self._source.batch or parcel.lines >= self._window.pace.lines:
                self._send(parcel)
                parcel = Parcel(self._source)
                if not self._flights.has_room():
                    break
        self._send(parcel)
        return True

    def _may_read(self, file: Followed) -> bool:
        if file.failed or (file.truncated and file.flights):
            return False
        file.waits_for = [
            f
            for f in file.waits_for
            if not f.at_end and f.descriptor >= 0 and f not in self._broken
        ]
        return not file.waits_for

    def _should_wait(self, ready: Sequence[Followed]) -> bool:
        """Return whether more lines should gather: a put is under way, or may linger."""
        lingers = self._source.linger > 0 and self._now < self._since + self._source.linger
        if not self._flights and not lingers:
            return False
        wanted = self._source.batch if lingers else self._source.batch // WORTHWHILE
        found = 0
        for file in ready:
            if file.descriptor < 0:
                return False
            file.look(self._now, self._context.clock.now_ns())
            found += file.rest
        return found < wanted

    def _read(self, file: Followed, parcel: Parcel, *, final: bool) -> None:
        """Read one window of a file into the parcel."""
        try:
            if not self._registry.reopen(file):
                self._lost_sight(file)
                return
            self._registry.touch(file)
            file.look(self._now, self._context.clock.now_ns())
            piece = file.read(self._window, self._splitter, final=final)
        except TruncatedError:
            file.truncated = True
            self._lost_sight(file)
            return
        except OSError as error:
            self._dirty.pop(file, None)
            self._broken[file] = error
            if not file.displaced:
                self._registry.close(file)
            return
        self._broken.pop(file, None)
        if piece is not None:
            parcel.add(piece)
        if file.at_end:
            self._dirty.pop(file, None)
            if file.rest or file.displaced:
                self._open_ends[file] = None
            else:
                self._open_ends.pop(file, None)

    def _lost_sight(self, file: Followed) -> None:
        """Look around next: the file is not what it was."""
        self._dirty.pop(file, None)
        self._scanner.expect_changes()
        self._next_poll = self._now

    def _send(self, parcel: Parcel) -> None:
        if parcel:
            if parcel.cut:
                self._context.counters.add("lines_cut", parcel.cut)
            progress = parcel.progress(self._context.clock.now_ns())
            self._flights.send(parcel.batch(), progress, parcel.files)

    def _finish(self) -> None:
        """Emit the last lines of finished files, and let go of what was read to its end."""
        for file in list(self._open_ends):
            rests = self._now - file.changed >= self._source.idle
            if not rests or file in self._dirty or file.flights or not self._flights.has_room():
                continue
            if file.truncated or file.failed or not self._is_due(file):
                continue
            if file.descriptor >= 0 and file.look(self._now, self._context.clock.now_ns()):
                self._mark([file])
            elif file.rest:
                parcel = Parcel(self._source)
                self._read(file, parcel, final=True)
                self._send(parcel)
            elif file.unlinked or not file.matched:
                self._end(file)
            else:
                self._open_ends.pop(file)

    def _is_due(self, file: Followed) -> bool:
        """Return whether a file that is at rest is finished, with what it has."""
        return file.displaced or (bool(file.rest) and self._source.unfinished == "emit")

    def _end(self, file: Followed) -> None:
        """Forget a file that is gone and was read to its end."""
        self._registry.forget(file)
        self._drop(file)
        if file.stored:
            self._store([file.end(self._source.name)])

    def _drop(self, file: Followed) -> None:
        for tracked in (self._broken, self._dirty, self._open_ends):
            tracked.pop(file, None)

    @property
    def has_work(self) -> bool:
        """Return whether there is anything to do that needs no new line."""
        return bool(
            self._dirty
            or self._flights
            or self._scanner.is_unsettled
            or any(new.size for new in self._registry.undecided.values())
            or any(file.rest and self._is_due(file) for file in self._open_ends)
        )

    def _patience(self) -> float:
        """Return for how long to wait if nothing happens."""
        until = [self._next_poll, self._now + LONGEST_WAIT]
        if self._dirty and not self._flights and self._source.linger:
            until.append(self._since + self._source.linger)
        if self._open_ends:
            until.append(self._now + self._source.idle)
        return min(until) - self._now
