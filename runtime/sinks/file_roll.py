"""The `file_roll` sink: events become lines of local files, and each file appears whole."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import (
    Check,
    Commit,
    Contradiction,
    Duration,
    Path,
    Section,
    Sink,
    Size,
    at_least,
    between,
    prop,
)
from flumec.runtime.output.template import Template, TemplateError

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext


class Roll(Section):
    """When an open file is finished and published; whatever comes first."""

    size: Size = prop(
        "Once it holds this many bytes; the event that passes the mark is the last.",
        default=Size("128MiB"),
        check=at_least(Size("1B")),
    )
    every: Duration = prop(
        "Once this long has passed since its first event.",
        default=Duration("5m"),
        check=at_least(Duration("10ms")),
    )
    events: int | None = prop("Once it holds this many events.", default=None, check=at_least(1))
    idle: Duration | None = prop(
        "Once no event has come for it for this long.",
        default=None,
        check=at_least(Duration("10ms")),
    )


class FileRoll(Sink, type="file_roll"):
    """Write each event's body as a line into local files.

    A file is written out of sight, synced, and then renamed to its final name, so whoever lists the
    directory sees whole files only, each event in exactly one of them. Names are never used twice:
    they carry host, agent, sink, the first and last row, and which start of the agent wrote them.
    """

    commit: ClassVar[Commit] = "rename"
    writes: ClassVar[tuple[str, ...]] = ("directory",)

    directory: Path = prop(
        "Where the files go; it is made if it is missing.",
        check=Check("an absolute path", lambda value: str(value).startswith("/")),
    )
    path: str = prop(
        "The folder below `directory`, from the event: `%Y/%m/%d/%{host}`. Times are UTC, from the "
        "header `timestamp` or, without it, when the event was first stored.",
        default="",
    )
    suffix: str = prop(
        "What the files' names end in.",
        default=".log",
        check=Check(
            "at most 32 bytes of printable characters without `/`",
            lambda value: len(value.encode()) <= 32 and "/" not in value and value.isprintable(),
        ),
    )
    newline: bool = prop("Whether a newline is written after each event.", default=True)
    max_open: int = prop(
        "Most files open at once; one more, and the one that was written to longest ago is rolled.",
        default=100,
        check=between(1, 10_000),
    )
    roll: Roll = prop("When files are rolled.", default=Roll())

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield what is wrong with the path's template."""
        try:
            Template.parse(str(values["path"]))
        except TemplateError as error:
            yield Contradiction(("path",), str(error))

    def run(self, context: "SinkContext") -> None:
        """Deliver the channel's events into files until the agent stops, then roll what is open."""
        from flumec.runtime.messages.output import FewerOpen
        from flumec.runtime.output.delivery import Delivery
        from flumec.runtime.output.descriptors import most_open
        from flumec.runtime.output.local import LocalStore
        from flumec.runtime.output.opened import Limits
        from flumec.runtime.output.publisher import Place
        from flumec.runtime.output.store import Store

        def open_store(directory: str, sink: str) -> Store:
            return LocalStore(Path(directory), sink, context.consumer.epoch, context.disk)

        roll = self.roll
        most = most_open(self.max_open)
        if most < self.max_open:
            context.log.warning(FewerOpen(most=most, wanted=self.max_open))
        limits = Limits(roll.size, roll.every, roll.events, roll.idle, most)
        place = Place(str(self.directory), self.path, self.suffix, open_store)
        Delivery(self.name, place, limits, context, newline=self.newline).run()
