"""What the routes of an agent may see and touch."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flumec.runtime.frozen import frozen

if TYPE_CHECKING:
    from flumec.runtime.agent import Agent
    from flumec.runtime.clock import Clock
    from flumec.runtime.disk import Disk
    from flumec.runtime.draining import Draining
    from flumec.runtime.journals import Journals
    from flumec.runtime.metrics import Reading
    from flumec.runtime.staff import Staff


@frozen
class Inside:
    """A running agent; handlers are called in threads of their own, several at once."""

    agent: "Agent"
    state: Path
    disk: "Disk"
    clock: "Clock"
    journals: "Journals"
    staff: "Staff"
    read: "Callable[[], Reading]"
    """The agent as it is now."""
    told: Callable[[], dict[str, Any]]
    """The same as JSON with rates, as the service manager gets it."""
    overdue: Callable[[], Mapping[str, float]]
    """Workers that did not pass their loop in time, with seconds of silence."""
    draining: "Draining"

    @property
    def consumers(self) -> dict[str, str]:
        """Each consumer's channel."""
        return self.staff.channels
