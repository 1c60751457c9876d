"""The wire between two agents: its ends, and what the `=>` block of a .flow file may say."""

from flumec.runtime.links.arrow_receiver import ArrowReceiver
from flumec.runtime.links.arrow_sender import ArrowSender
from flumec.runtime.links.each import All, Hashed
from flumec.runtime.links.peer import Peer
from flumec.runtime.links.settings import LinkSettings

__all__ = ["All", "ArrowReceiver", "ArrowSender", "Hashed", "LinkSettings", "Peer"]
