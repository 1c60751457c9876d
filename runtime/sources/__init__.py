"""Where events enter an agent, one source in a file."""

from flumec.runtime.sources.http import Http
from flumec.runtime.sources.link import LinkSource
from flumec.runtime.sources.seq import Seq
from flumec.runtime.sources.taildir import Taildir

__all__ = ["Http", "LinkSource", "Seq", "Taildir"]
