"""What all components of one process share."""

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.frozen import frozen
from flumec.runtime.sockets import Sockets
from flumec.runtime.turn import Turn

if TYPE_CHECKING:
    from flumec.runtime.journals import Journals


@frozen
class Site:
    """A process, as its components find it."""

    agent: str
    host: str
    address: str
    state: Path
    clock: Clock
    disk: Disk
    sockets: Sockets
    journals: "Journals"
    program: str = ""
    """Which program this is: its version and its bundle's digest."""
    turn: Turn = field(default_factory=Turn)
    """Whose consumer's rows are in hand as suspects: one consumer's at a time."""
