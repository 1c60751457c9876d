"""Since when nothing of a sink's can be delivered, over restarts, and when to give rows up."""

from dataclasses import replace

from flumec.runtime.context import SinkContext


class Undeliverable(Exception):  # noqa: N818 a decision
    """A sink has tried for as long as it may: rows are to be given up.

    `buckets` are those whose files cannot be published; None is all.
    """

    def __init__(self, reason: str, buckets: frozenset[str] | None = None) -> None:
        super().__init__(reason)
        self.buckets = buckets


class Failing:
    """How long a sink's target has failed, by the wall clock: an agent may end meanwhile.

    It is written down only where rows are ever given up, at first and then at 2, 4, 8, … tries.
    """

    def __init__(self, context: SinkContext) -> None:
        self._context = context
        self._after = context.letters.give_up
        trouble = None if self._after is None else context.consumer.trouble
        self._since = trouble.failing_since if trouble is not None else 0
        self.tries = trouble.tries if trouble is not None else 0

    @property
    def gives_up(self) -> bool:
        """Whether rows are ever given up, so that somebody has to look when they are to be."""
        return self._after is not None

    def again(self) -> None:
        """Count a failure."""
        if self._after is None:
            return
        self._since = self._since or self._context.clock.now_ns()
        self.tries += 1
        if self.tries & (self.tries - 1) == 0:
            self._note()

    def over(self) -> None:
        """Note that something was delivered."""
        if self._since:
            self._since = self.tries = 0
            self._note()

    @property
    def youngest(self) -> int | None:
        """When rows that are to be given up now were put, at the latest; None if there are none.

        A row has had its time when it waited for so long, while the sink tried all the time.
        """
        if self._after is None or not self._since:
            return None
        then = self._context.clock.now_ns() - int(self._after * 1e9)
        oldest = self._context.consumer.oldest_born()
        return then if self._since <= then and oldest is not None and oldest <= then else None

    def _note(self) -> None:
        consumer = self._context.consumer
        consumer.note(replace(consumer.trouble, failing_since=self._since, tries=self.tries))
