"""The append-only log under every durable channel, source position and cursor."""

from flumec.runtime.journal.consumer import Consumer
from flumec.runtime.journal.errors import JournalDamaged, JournalFailed, JournalLocked, StateError
from flumec.runtime.journal.journal import Journal
from flumec.runtime.journal.records import EpochRows
from flumec.runtime.journal.session import Session
from flumec.runtime.journal.specs import ChannelSpec, ConsumerSpec, Identity, Settings

__all__ = [
    "ChannelSpec",
    "Consumer",
    "ConsumerSpec",
    "EpochRows",
    "Identity",
    "Journal",
    "JournalDamaged",
    "JournalFailed",
    "JournalLocked",
    "Session",
    "Settings",
    "StateError",
]
