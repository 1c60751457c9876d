"""Where events wait: declarations; the journal gives them their behaviour."""

from flumec.runtime.channels.file import File
from flumec.runtime.channels.memory import Memory
from flumec.runtime.channels.spill import Spill

__all__ = ["File", "Memory", "Spill"]
