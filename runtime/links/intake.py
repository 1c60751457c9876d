"""A `link` source as receivers see it: its chain, between a frame that came in and the journal."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from flumec.runtime import logs
from flumec.runtime.batch import decode
from flumec.runtime.chain import Parcel
from flumec.runtime.journal.journal import LARGEST_PUT
from flumec.runtime.links.inspection import Invalid
from flumec.runtime.surroundings import SourceSurroundings

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.journal import Journal
    from flumec.runtime.journal.records import Outcome, Received
    from flumec.runtime.links.messages import Delivery


class Intake(SourceSurroundings):
    """The context of a `link` source; any thread may give it what came in."""

    @property
    def journal(self) -> "Journal":
        """The journal that remembers what is here, in one step with the rows."""
        return self._journals.home(self._worker.name)

    def receive(
        self, delivery: "Delivery", received: "Received", stopping: Callable[[], bool]
    ) -> "Future[Outcome]":
        """Store what the chain makes of a frame that was inspected, and that it is here.

        Waits for room in all required channels at once. Raise Invalid for events that the chain
        cannot take: they never will be.
        """
        batch = decode(delivery.body)
        self.received(batch)
        parcel = self._made(batch, delivery)
        result = self.feed.receive(parcel, received, stopping)
        return self.owed(result, batch.num_rows)

    def _made(self, batch: "pa.RecordBatch", delivery: "Delivery") -> Parcel:
        head, name = delivery.head, self._worker.name
        try:
            parcel = self.feed.taken(batch, head.tags, head.born)
        except Exception as error:
            raise Invalid(f"the chain of `{name}` cannot take them: {logs.reason(error)}") from None
        size = sum(frame.body.size for frame in parcel.frames)
        if size > LARGEST_PUT:
            raise Invalid(
                f"the chain of `{name}` makes {size} bytes of them, and {LARGEST_PUT} are the most "
                "that is stored at once: lower `largest_frame` of the link"
            )
        return parcel
