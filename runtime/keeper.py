"""Keeping a consumer at work through the deaths of its sink, which are nobody else's business."""

import traceback
from typing import TYPE_CHECKING

from flumec.runtime import logs
from flumec.runtime.errors import StartError
from flumec.runtime.groups.recalled import Recalled
from flumec.runtime.journal.errors import StateError
from flumec.runtime.retry import Backoff

if TYPE_CHECKING:
    from typing import Any

    from flumec.runtime.surroundings import ConsumerSurroundings

_DIED = "it died, and begins again"
LONGEST = 60.0
"""Seconds between two lives of a sink that dies of no row, at most."""


class Keeper:
    """Runs one sink, or the sending end of a link, again and again until the agent stops.

    Only what is wrong with the journal gets through, and ends the process.
    """

    def __init__(self, part: "Any", context: "ConsumerSurroundings") -> None:
        self._part = part
        self._context = context
        self._backoff = Backoff(0.1, LONGEST)

    def run(self) -> None:
        """Keep it at work."""
        while True:
            low = self._context.consumer.cursor.low
            try:
                self._part.run(self._context)
                if self._context.stopping:
                    return
                raise StartError("it returned although nothing told it to stop")  # noqa: TRY301
            except StateError:
                raise
            except Recalled:
                self._context.give_back()
            except Exception as error:
                if self._context.consumer.cursor.low > low:
                    self._backoff.reset()
                if self._died(error):
                    return
            self._context.live_again()

    def _died(self, error: Exception) -> bool:
        """Find out what it died of, and wait, not for long if there is a suspect to look at.

        Return whether the agent stops.
        """
        reason = logs.reason(error)
        trace = "".join(traceback.format_exception(error))
        self._context.log.debug("%s", trace)
        self._context.counters.add("deaths")
        blamed = self._is_of_rows(error) and self._context.custody.died(reason)
        self._context.fail(f"{_DIED}: {reason}")
        try:
            return self._context.wait(self._backoff.first if blamed else self._backoff.delay())
        except Recalled:
            self._context.give_back()
            return False

    def _is_of_rows(self, error: Exception) -> bool:
        """Whether a row may be the reason: not of what a disk, a server or a peer did."""
        return self._part.kind == "sink" and not isinstance(error, OSError | StartError)
