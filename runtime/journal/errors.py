"""What can be wrong with a journal.

StateError
├── JournalLocked    another process has it open
├── JournalDamaged   what was acknowledged cannot be read
└── JournalFailed    a write or sync failed, or it is closed: nothing is acknowledged any more
"""

from pathlib import Path


class StateError(Exception):
    """An agent's state cannot be used; the message says why, where, and what to do."""


class JournalLocked(StateError):  # noqa: N818 a state that was found, in the contract's words
    """Another process has the journal open."""


class JournalDamaged(StateError):  # noqa: N818 see above
    """Rows that were acknowledged cannot be read; the message says which, and how to look."""


class JournalFailed(StateError):  # noqa: N818 see above
    """The journal has stopped: its disk failed, or it was closed."""


def writing_failed(directory: Path, error: BaseException) -> JournalFailed:
    """Return what every waiting caller hears."""
    failure = JournalFailed(
        f"{directory}: writing failed ({error}); the process must end, and what was not "
        "acknowledged is sent again after the start. Look at the disk: `dmesg`, `smartctl`"
    )
    failure.__cause__ = error
    return failure
