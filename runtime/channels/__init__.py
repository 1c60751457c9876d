"""Where events wait: declarations; the journal gives them their behaviour."""

from flumec.runtime.channels.file import File
from flumec.runtime.channels.memory import Memory

__all__ = ["File", "Memory"]
