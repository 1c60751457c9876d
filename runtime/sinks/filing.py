"""What all sinks that publish files have in common: what is in a file, and when it is rolled."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from flumec.runtime.component import (
    Check,
    Commit,
    Contradiction,
    Duration,
    Misfit,
    Section,
    Sink,
    Size,
    at_least,
    between,
    prop,
)
from flumec.runtime.errors import StartError
from flumec.runtime.failure import Failure, Harm
from flumec.runtime.formats.formats import CODECS, FORMATS, impossible, make, suffix
from flumec.runtime.output.template import PathRule, Template, TemplateError
from flumec.runtime.risk import Risk
from flumec.runtime.sinks.dedup import Dedup

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext
    from flumec.runtime.output.once import Once
    from flumec.runtime.output.recovery import Open

CROWDED = 0.8
"""The share of a channel above which files are rolled early: hidden rows must not fill it."""

_DAY = 86_400


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


def _part_of_a_name(most: int) -> Check[str]:
    return Check(
        f"at most {most} bytes of printable characters without `/`",
        lambda value: len(value.encode()) <= most and "/" not in value and value.isprintable(),
    )


def _is_zone(name: str) -> bool:
    """Whether the machine knows the time zone; `zoneinfo` also looks into the package tzdata."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # a folder of zones, no name at all, unknown
        return False
    return True


class Filing(Sink):
    """A sink that writes files out of sight and publishes each by renaming it."""

    commit: ClassVar[Commit] = "rename"

    format: FORMATS = prop(
        "What the files are made of: bodies as lines, an object with headers and body on each "
        "line, or Parquet with columns for the headers that the fleet's description names.",
        default="text",
    )
    codec: CODECS = prop("How they are compressed.", default="none")
    newline: bool = prop("Whether a newline is written after each event (of `text`).", default=True)
    body: Literal["binary", "string"] = prop(
        "The type of the column `body` (of `parquet`); with `string`, a body that is not UTF-8 "
        "stands in the column `body_binary`.",
        default="binary",
    )
    prefix: str = prop(
        "What the files' names begin with.",
        default="",
        check=Check(
            "at most 20 bytes of printable characters without `/`, not first a `.` or `_`",
            lambda value: _part_of_a_name(20).holds(value) and not value.startswith((".", "_")),
        ),
    )
    suffix: str | None = prop(
        "What the files' names end in; without it as the format and codec have it: `.log.gz`.",
        default=None,
        check=_part_of_a_name(32),
    )
    timezone: str = prop(
        "The time zone of the times in paths, by its own rules: `Europe/Berlin`.",
        default="UTC",
        check=Check("a name in the time zone database, such as `Europe/Berlin`", _is_zone),
    )
    round: Duration | None = prop(
        "Round the times in paths down to a multiple of this, counted from midnight.",
        default=None,
        check=Check(
            "whole seconds of which a day is a multiple, such as `10m` or `6h`",
            lambda value: value >= 1 and value.is_integer() and _DAY % int(value) == 0,
        ),
    )
    max_open: int = prop(
        "Most files open at once; one more, and the one that was written to longest ago is rolled.",
        default=100,
        check=between(1, 10_000),
    )
    workers: int = prop(
        "How many threads encode, compress, finish and upload files; each path's stay in order.",
        default=1,
        check=between(1, 64),
    )
    roll: Roll = prop("When files are rolled.", default=Roll())
    dedup: Dedup | None = prop(
        "Write one copy of each event; without it, what comes twice is written twice.", default=None
    )

    @classmethod
    def risks(cls, values: Mapping[str, Any]) -> Iterator[Risk]:
        """Yield what is dropped as too old to be told from a copy."""
        if values["dedup"] is not None and values["dedup"].late == "drop":
            yield Risk(
                Failure.ALWAYS,
                Harm.LOSES,
                "an event that comes after the window is dropped",
                "`late = CHANNEL` in its `dedup`",
                "dedup",
                late=True,
            )

    @classmethod
    def folders(cls, values: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Return the headers in the path of its folders, each of which is written in order; None
        of one folder, or of a path with a mistake.
        """
        try:
            template = Template.parse(cls.template(dict(values)))
        except TemplateError:
            return None
        return None if template.constant else template.headers

    @classmethod
    def template(cls, values: dict[str, Any]) -> str:
        """Return the template of the folders that files go into."""
        raise NotImplementedError

    @classmethod
    def tells(cls, values: dict[str, Any]) -> bool:
        """Return whether the files have headers in them."""
        return bool(values["format"] != "text")

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield what is wrong with the path's template, or with a codec for a format."""
        try:
            template = Template.parse(cls.template(values))
        except TemplateError as error:
            yield Contradiction(("path",), str(error))
        else:
            if template.unit is None:
                for name, off in (("round", None), ("timezone", "UTC")):
                    if values[name] != off:
                        yield Contradiction((name, "path"), f"`{name}`: `path` has no time in it")
        reason = impossible(values["format"], values["codec"])
        if reason is not None:
            yield Contradiction(("codec", "format"), reason)
        if values["format"] != "parquet" and values["body"] != "binary":
            yield Contradiction(("body", "format"), "only `parquet` has a type for bodies")
        if values["format"] != "text" and not values["newline"]:
            yield Contradiction(("newline", "format"), "only `text` can do without newlines")
        dedup = values["dedup"]
        if dedup is not None and values["give_up"] is not None:
            yield Contradiction(
                ("give_up", "dedup"),
                "`give_up` and `dedup` cannot stand together: an event is seen once its file is "
                "intended, and could then not be told from one that was given up",
            )
        if dedup is not None and dedup.late is None and values.get("dead_letter") is None:
            yield Contradiction(
                ("dedup",),
                "`dedup` must say what becomes of an event that is too old to be told from a copy: "
                "`late = CHANNEL` or `late = drop` in it, or `dead_letter = CHANNEL` beside it",
            )

    @classmethod
    def misfits(cls, values: dict[str, Any]) -> Iterator[Misfit]:
        """Yield a quiet time that a file never lives to see."""
        roll = values["roll"]
        if roll.idle is not None and roll.idle > roll.every:
            yield Misfit(
                "roll.idle",
                "roll.every",
                f"a file is rolled {roll.every} after its first event, so `idle = {roll.idle}` "
                "never comes first",
                f"an `idle` below that, such as `idle = {Duration(roll.every / 4)}`, or none",
            )

    def deliver(
        self, context: "SinkContext", directory: str, template: str, open_store: "Open"
    ) -> None:
        """Deliver the channel's events into files until the agent stops, then roll what is open."""
        from flumec.runtime.messages.output import FewerOpen
        from flumec.runtime.output.delivery import Delivery
        from flumec.runtime.output.descriptors import most_open
        from flumec.runtime.output.opened import Limits
        from flumec.runtime.output.publisher import Place

        roll = self.roll
        most = most_open(self.max_open)
        if most < self.max_open:
            context.log.warning(FewerOpen(most=most, wanted=self.max_open))
        limits = Limits(roll.size, roll.every, roll.events, roll.idle, most)
        rule = PathRule(template, self.timezone, int(self.round or 0))
        end = suffix(self.format, self.codec) if self.suffix is None else self.suffix
        place = Place(directory, rule, self.prefix, end, open_store)
        format_ = make(self.format, self.codec, newline=self.newline, text=self.body == "string")
        Delivery(
            self.name, place, limits, context,
            format_=format_, workers=self.workers, once=self._once(context),
        ).run()  # fmt: skip

    def _once(self, context: "SinkContext") -> "Once | None":
        """Return what leaves copies out."""
        if self.dedup is None:
            return None
        try:
            from flumec.runtime.output.late import Late
            from flumec.runtime.output.once import Once
        except ImportError as error:
            raise StartError(
                f"`dedup` of sink `{self.name}` needs the package numpy ({error}): install "
                "`flumec[dedup]` on this host"
            ) from None
        place = self.dedup.late or getattr(self, "dead_letter", None)
        assert place is not None, "held by `contradictions`"
        late = Late(place, self.name, context)
        return Once(self.dedup.key, self.dedup.window, context, late.set_aside)
