"""Waiting for files to change: inotify on their directories, and a bell that other threads ring."""

import contextlib
import errno
import logging
import os
import select
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flumec.runtime.messages.tail import OnlyPolled, TooManyWatches
from inotify_simple import INotify, flags

_CHANGES = flags.MODIFY | flags.ATTRIB
_NAMES = (
    flags.CREATE | flags.MOVED_FROM | flags.MOVED_TO | flags.DELETE
    | flags.DELETE_SELF | flags.MOVE_SELF | flags.UNMOUNT | flags.Q_OVERFLOW | flags.IGNORED
)  # fmt: skip


@dataclass(slots=True)
class Changes:
    """What inotify told."""

    paths: set[str] = field(default_factory=set)
    """Files that changed in any way."""
    deleted: set[str] = field(default_factory=set)
    """Names that were unlinked, not moved away."""
    names: bool = False
    """Whether names came or went anywhere, or something was missed."""


class Watch:
    """Directories under inotify, as far as the system lets us; polling finds the rest."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closed = False
        self._closing = threading.Lock()
        self._poll = select.poll()
        self._poll.register(self._bell, select.POLLIN)
        self._paths: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._refused = False
        self._inotify = self._start()

    def _start(self) -> Any:
        try:
            inotify = INotify(nonblocking=True)
        except OSError as error:
            many = error.errno == errno.EMFILE
            remedy = "; raise fs.inotify.max_user_instances, or LimitNOFILE" if many else ""
            why = (error.strerror or str(error)).lower()
            self._log.warning(OnlyPolled(reason=why + remedy))
            return None
        self._poll.register(inotify.fd, select.POLLIN)
        return inotify

    def watches(self, directory: str) -> bool:
        """Return whether the directory is under inotify."""
        return directory in self._numbers

    def follow(self, directories: Iterable[str]) -> None:
        """Watch these directories, and no others."""
        if self._inotify is None:
            return
        wanted = set(directories)
        for path in self._numbers.keys() - wanted:
            self._forget(path)
        for path in sorted(wanted - self._numbers.keys()):
            self._add(path)

    def _forget(self, path: str) -> None:
        number = self._numbers.pop(path)
        self._paths.pop(number, None)
        try:
            self._inotify.rm_watch(number)
        except OSError:
            return  # the kernel has dropped it with its directory

    def _add(self, path: str) -> None:
        try:
            number = self._inotify.add_watch(path, _CHANGES | _NAMES | flags.ONLYDIR)
        except OSError as error:
            if error.errno == errno.ENOSPC and not self._refused:
                self._refused = True
                self._log.warning(TooManyWatches(path=path))
            return
        if (other := self._paths.get(number)) is not None:
            self._numbers.pop(other, None)  # the same directory by another path
        self._numbers[path], self._paths[number] = number, path

    def wait(self, seconds: float) -> None:
        """Block until something changed, the bell rang, or `seconds` are over."""
        self._poll.poll(max(0.0, seconds) * 1000)

    def ring(self) -> None:
        """End a wait, from any thread; after `close` there is none, and nothing is done."""
        with self._closing:  # the bell's number may be another file's by then
            if not self._closed:
                os.eventfd_write(self._bell, 1)

    def changes(self) -> Changes:
        """Return what changed since the last call, without waiting."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        changes = Changes()
        if self._inotify is None:
            return changes
        for event in self._inotify.read(timeout=0):
            directory = self._paths.get(event.wd)
            if event.mask & _NAMES or directory is None:
                changes.names = True
            if event.mask & flags.IGNORED and directory is not None:
                self._paths.pop(event.wd, None)
                self._numbers.pop(directory, None)
            if directory is not None and event.name:
                path = f"{directory.rstrip('/')}/{event.name}"
                changes.paths.add(path)
                if event.mask & flags.DELETE:
                    changes.deleted.add(path)
        return changes

    def close(self) -> None:
        """Stop watching."""
        if self._inotify is not None:
            self._inotify.close()
        with self._closing:
            self._closed = True
            os.close(self._bell)
