"""A journal: puts are appended and synced; channels, positions and cursors are views of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Condition, Lock
from typing import Any

from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal.admission import Admission
from flumec.runtime.journal.consumer import Consumer
from flumec.runtime.journal.dropping import Droppers
from flumec.runtime.journal.errors import JournalFailed, StateError
from flumec.runtime.journal.hiring import hire
from flumec.runtime.journal.late import find_late
from flumec.runtime.journal.leftovers import Leftovers
from flumec.runtime.journal.live import LiveChannel, Shared, go_live
from flumec.runtime.journal.opening import Opened, Opening
from flumec.runtime.journal.ops import AskOp, Batch, Op
from flumec.runtime.journal.prepare import Preparer
from flumec.runtime.journal.putting import PutOp
from flumec.runtime.journal.records import (
    ChannelStats,
    EpochRows,
    Full,
    Outcome,
    Progress,
    Put,
    Refused,
)
from flumec.runtime.journal.removal import Dropped, RemoveOp
from flumec.runtime.journal.room import Room, Want
from flumec.runtime.journal.session import Session, SessionOp
from flumec.runtime.journal.sharing import Sharing
from flumec.runtime.journal.space import Space
from flumec.runtime.journal.specs import ChannelSpec, ConsumerSpec, Identity, Settings
from flumec.runtime.journal.unsynced import Unsynced
from flumec.runtime.journal.waiting import RecentBytes
from flumec.runtime.journal.walk import Walk
from flumec.runtime.journal.writer import Writer

SEGMENT_SIZE = 64 << 20
RECENT_BYTES = 16 << 20
"""How much of what was put last stays in memory, for consumers that keep up."""

LARGEST_PUT = 64 << 20


class Journal:
    """The append-only log of one directory; open it with `Journal.open`.

    Any thread may call any method. Futures' callbacks run in the journal's thread: be short.
    """

    on_put: "Callable[[Put, Future[Outcome]], None] | None" = None
    """Called in the putting thread with each put and its result, while somebody looks."""

    def __init__(
        self,
        opening: Opening,
        opened: Opened,
        on_failure: Callable[[BaseException], None] | None,
    ) -> None:
        self._state = opened.state
        self._lock_file = opened.lock
        self._lock = Lock()
        self._room_changed = Condition(self._lock)
        self._room = Room(self._room_changed, opening.clock)
        self._recent = RecentBytes(RECENT_BYTES)
        self._live = {
            spec.name: self._go_live(opening, spec, opened.numbers[spec.name])
            for spec in opening.channels
        }
        self._by_number = {live.state.number: live for live in self._live.values()}
        settings = opening.settings
        self._preparer = Preparer(opening.channels, opened.numbers, opened.state.sources, settings)
        space = Space(opening.directory, opening.disk, self._state, self._lock)
        self._writer = Writer(
            self._state, opened.log, space, opening.clock, self._lock, settings.keys.current,
            Unsynced(opening.clock, settings.sync_every, self._room), self._publish, on_failure,
        )  # fmt: skip
        shared = self._share(opening)
        drops = {spec.name for spec in opening.channels if spec.when_full == "drop_oldest"}
        self._rejecting = {spec.name for spec in opening.channels if spec.when_full == "reject"}
        droppers = Droppers(shared, {name: self._live[name] for name in drops})
        self._admission = Admission(
            self._lock, self._room_changed, opening.clock, self._room, droppers, self._preparer,
            self._writer,
        )  # fmt: skip
        self._writer.before_close = Leftovers(shared, self._preparer, self._live).store
        self._consumers, self._sharings = hire(shared, self._live, opening.consumers, drops)
        self.uuid = self._state.journal
        self.epoch = self._state.epochs[-1].epoch
        self._writer.start()

    @property
    def closed(self) -> bool:
        """Whether the last opening ended as it should, or there was none."""
        return self._state.closed

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        disk: Disk,
        clock: Clock,
        identity: Identity,
        channels: Sequence[ChannelSpec],
        sources: Sequence[str],
        consumers: Sequence[ConsumerSpec],
        segment_size: int = SEGMENT_SIZE,
        settings: Settings | None = None,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> "Journal":
        """Recover what is in `directory`, begin an epoch, and start the writer.

        Raise JournalLocked, JournalDamaged or StateError, whose messages say what to do.
        `on_failure` is called in the writer's thread when it ends by an error; nothing is
        acknowledged after that.
        """
        opening = Opening(
            directory, disk, clock, identity, channels, sources, consumers, segment_size,
            settings=settings or Settings(),
        )  # fmt: skip
        return cls(opening, opening.run(), on_failure)

    def submit(
        self, put: Put, *, wait: bool = False, stopping: Callable[[], bool] | None = None
    ) -> "Future[Outcome]":
        """Store a put; the result comes after the sync, or before it (`Settings.sync_every`).

        Room is taken here, in all required channels at once. With `wait` the calling thread
        blocks for it until `stopping()`; without, the result is Full at once. Checksums are
        computed here as well, so that the writer only writes. Raise ValueError for a channel or
        source that was not declared.
        """
        taken = self.reserve(put, wait=wait, stopping=stopping)
        return self.store(taken) if isinstance(taken, PutOp) else taken

    def reserve(
        self, put: Put, *, wait: bool = False, stopping: Callable[[], bool] | None = None
    ) -> "PutOp | Future[Outcome]":
        """Do all of `submit` but storing: return what `store` takes, or why there is no room."""
        put, packed = self._preparer.pack(put)
        plan = self._preparer.plan(put, packed)
        done: Future[Outcome] = Future()
        if plan.bytes > LARGEST_PUT:
            done.set_result(
                Refused(f"{plan.bytes} bytes are more than {LARGEST_PUT}, the largest put")
            )
            return done

        def ended() -> bool:
            return self._writer.ended or (stopping is not None and stopping())

        taken = self._admission.admit(plan, ended, wait=wait)
        if isinstance(taken, str):
            return self._full(done, taken)
        op = self._preparer.operation(put, plan, taken, packed)
        op.wait, op.stopping = wait, stopping
        if surplus := op.surplus():
            with self._lock:
                self._give_back(surplus)
        return op

    def store(self, op: PutOp) -> "Future[Outcome]":
        """Store a put that has its room."""
        with self._lock:
            self._writer.enqueue(op)
        if (on_put := self.on_put) is not None:
            on_put(op.put, op.future)
        return op.future

    def release(self, op: PutOp) -> None:
        """Give the room of a put back, which will not be stored."""
        with self._lock:
            self._give_back(op.room.items())

    def positions(self, source: str) -> Mapping[bytes, Progress]:
        """Return the stored position of each of a source's keys."""
        number = self._preparer.source(source)
        answer: Mapping[bytes, Progress] = self._ask(
            AskOp(question=lambda state: dict(state.progress.get(number, {})))
        ).result()
        return answer

    def consumer(self, name: str) -> Consumer:
        """Return a channel's reader; raise StateError for a name that was not declared."""
        if name not in self._consumers:
            raise StateError(f"no consumer `{name}` was declared")
        return self._consumers[name]

    def sharing(self, channel: str) -> Sharing | None:
        """Return how a channel's group shares it; None where one consumer reads it alone."""
        return self._sharings.get(channel)

    def session(
        self, sender: bytes, stream: bytes, live: Sequence[bytes] | None = None,
        host: str = "", *, moved: bool = False,
    ) -> Session:  # fmt: skip
        """Begin a stream's next session; when it returns, every put of an older one is settled.

        `live` names the sender's epochs that are not settled whole; what is known of others is
        freed. A sender that has proven to be `host` binds its journal to it, until it has `moved`.
        """
        keep = None if live is None else frozenset(live)
        op = SessionOp(sender=sender, stream=stream, live=keep, host=host, moved=moved)
        answer: Session = self._ask(op).result()
        return answer

    def epochs(self) -> Sequence[EpochRows]:
        """Return the epochs whose rows are not all done, oldest first; the last one is open."""
        with self._lock:
            return [EpochRows(e.epoch, e.first, e.end) for e in self._state.epochs]

    def stats(self) -> Mapping[str, ChannelStats]:
        """Return each channel's balance, of removed ones that hold rows as well."""
        readers: dict[str, Consumer | Sharing] = {c.channel: c for c in self._consumers.values()}
        readers |= self._sharings
        born = {name: reader.oldest_born() for name, reader in readers.items()}
        with self._lock:
            return {
                channel.name: channel.stats(born.get(channel.name))
                for channel in self._state.channels.values()
                if channel.name in self._live or channel.held
            }

    def drop(self, channel: str, word: str, *, force: bool = False) -> Dropped:
        """Give up what a removed channel holds, with `force` a declared one; raise StateError."""
        op = RemoveOp(channel=channel, word=word, force=force)
        answer: Dropped | StateError = self._ask(op).result()
        if isinstance(answer, StateError):
            raise answer
        return answer

    def settle(self) -> "Future[Any]":
        """Sync each group from now on; the result comes once all before it may be read."""
        return self._ask(AskOp(question=lambda _: self._writer.sync_each()))

    def close(self) -> None:
        """Store what is queued and a Close record, synced; later puts fail with JournalFailed."""
        self._writer.close()
        for consumer in self._consumers.values():
            consumer.close()
        for sharing in self._sharings.values():
            sharing.close()
        for live in self._live.values():
            live.close()
        self._lock_file.close()

    def _go_live(self, opening: Opening, spec: ChannelSpec, number: int) -> LiveChannel:
        channel = self._state.channels[number]
        held = channel.held_bytes, channel.held
        self._room.add(spec.name, spec.size, spec.events, held, spec.memory)
        late = find_late(opening.directory, opening.disk, self._state, channel)
        return go_live(self._state, number, self._lock, late)

    def _share(self, opening: Opening) -> Shared:
        return Shared(
            self._state, self._lock, self._room, self._writer, opening.clock,
            opening.settings.keys,
            lambda number, row: Walk(
                opening.disk, opening.directory, self._state, self._lock, number, row
            ),
        )  # fmt: skip

    def _give_back(self, room: Iterable[tuple[int, Want]]) -> None:
        """Give room back, which the channel has by its number; the lock is held."""
        for number, want in room:
            self._room.give(self._state.channels[number].name, *want)

    def _ask(self, op: Op) -> "Future[Any]":
        with self._lock:
            self._writer.enqueue(op)
        return op.future

    def _full(self, done: "Future[Outcome]", name: str) -> "Future[Outcome]":
        """Answer that there is no room, or that the journal has ended while it was waited for."""
        if self._writer.ended:
            done.set_exception(self._writer.failure or JournalFailed("the journal is closed"))
        else:
            done.set_result(Full(name, name in self._rejecting))
        return done

    def _publish(self, batch: Batch) -> bool:
        """Show what has been synced to consumers and waiting puts; the writer holds the lock.

        Say whether every reader has the group's frames in memory.
        """
        in_memory = True
        for number, chunk in batch.chunks:
            live = self._by_number[number]
            in_memory &= live.show(chunk, self._recent)
        self._give_back(batch.given_back)
        if self._writer.failure is not None:
            for live in self._live.values():
                live.arrived.notify_all()
        return in_memory
