"""Log lines: `LEVEL component message [CODE]` to standard error, one a record, repeats thinned out.

What is warned of is a `Message`, whose page `flumec explain CODE` shows.
"""

import json
import logging
import os
import re
import sys
import threading

from flumec.runtime.clock import Clock
from flumec.runtime.messages.message import Message

ROOT = "flumec.agent"
"""The parent of every component's logger."""

_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, line separators and what turns a text around; a tab is none of them."""

_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


def one_line(text: str) -> str:
    """Return a text on one line; what would break it, or speak to a terminal, is escaped."""
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(found: "re.Match[str]") -> str:
    return found.group().encode("unicode_escape").decode("ascii")


class OneLine(logging.Formatter):
    """A record as one line. Under systemd's journal it begins with the priority, `<4>`."""

    def __init__(self, *, priority: bool) -> None:
        super().__init__()
        self._priority = priority

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line; what would break it, or speak to a terminal, is escaped."""
        message = one_line(record.getMessage().rstrip())
        code = f" [{said.code}]" if (said := said_by(record)) else ""
        line = f"{record.levelname} {_component(record)} {message}{code}"
        return _prefix(record) + line if self._priority else line


class JsonLine(logging.Formatter):
    """A record as one JSON object: for what collects logs, from journald or from a pipe.

    `time` is in seconds since 1970. A warning or error has its `code` and its values beside the
    message. Under systemd's journal the priority stands before, which systemd takes off.
    """

    def __init__(self, *, priority: bool) -> None:
        super().__init__()
        self._priority = priority

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, in ASCII, so that nothing in it speaks to a terminal."""
        told: dict[str, object] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "component": _component(record),
            "message": record.getMessage().rstrip(),
        }
        if said := said_by(record):
            told |= {"code": said.code, "values": said.values}
        line = json.dumps(told, default=str)
        return _prefix(record) + line if self._priority else line


def said_by(record: logging.LogRecord) -> Message | None:
    """Return the message that a record is of, None for what is only information."""
    said = getattr(record, "said", record.msg)
    return said if isinstance(said, Message) else None


def _component(record: logging.LogRecord) -> str:
    return record.name.removeprefix(ROOT + ".")


def _prefix(record: logging.LogRecord) -> str:
    return f"<{_PRIORITY.get(record.levelname, 6)}>"


class Repeats(logging.Filter):
    """Lets `burst` records of one kind pass in `window` seconds and counts the others.

    Records are of one kind when component, level and the text before its values are equal, or the
    message's code. The first record after a pause says how many were left out.
    """

    def __init__(self, clock: Clock, burst: int = 5, window: float = 10.0) -> None:
        super().__init__()
        self._clock = clock
        self._burst = burst
        self._window = window
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record is written, and append what it stands for."""
        said = record.said = said_by(record)  # what is put into `msg` below is a text
        kind = (record.name, record.levelno, said.code if said else str(record.msg))
        now = self._clock.monotonic()
        with self._lock:
            since, count = self._kinds.get(kind, (now, 0))
            left_out = 0
            if now - since >= self._window:
                since, count, left_out = now, 0, max(0, count - self._burst)
            self._kinds[kind] = (since, count + 1)
            if len(self._kinds) > 1_000:
                self._kinds = {k: v for k, v in self._kinds.items() if now - v[0] < self._window}
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} like it were left out)"
            record.args = None
        elif count + 1 == self._burst:
            record.msg = f"{record.getMessage()} (more like it are counted, for {self._window:g}s)"
            record.args = None
        return count < self._burst


def start(clock: Clock, level: str = "info", *, form: str = "text") -> None:
    """Send every component's records to standard error, from `level` upwards."""
    handler = logging.StreamHandler(sys.stderr)
    shape = JsonLine if form == "json" else OneLine
    handler.setFormatter(shape(priority=_is_journal(sys.stderr.fileno())))
    handler.addFilter(Repeats(clock))
    root = logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    root.propagate = False
    logging.raiseExceptions = False  # a log that nobody reads is no reason to stop


def of(component: str) -> logging.Logger:
    """Return the logger of one component, or of the agent itself."""
    return logging.getLogger(f"{ROOT}.{component}")


def reason(error: BaseException) -> str:
    """Return an error as a sentence; one that nobody foresaw is named by its class."""
    from flumec.runtime.errors import StartError
    from flumec.runtime.journal.errors import StateError

    text = str(error).strip()
    if isinstance(error, StartError | StateError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_journal(descriptor: int) -> bool:
    """Whether systemd says, in JOURNAL_STREAM, that the descriptor is its journal's."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
