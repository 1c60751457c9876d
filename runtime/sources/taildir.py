"""The `taildir` source: files that grow, a line an event, through every kind of rotation."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from flumec.runtime.component import (
    Check,
    Contradiction,
    Duration,
    Header,
    Size,
    Source,
    Start,
    at_least,
    between,
    prop,
)
from flumec.runtime.failure import Failure, Harm
from flumec.runtime.risk import Risk

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext

_ABSOLUTE = Check[tuple[str, ...]](
    "absolute paths", lambda value: all(PurePosixPath(path).is_absolute() for path in value)
)
_REOPEN = "`rotation = rename`, and the program that writes reopens its log"


class Taildir(Source, type="taildir"):
    """Follow text files as they grow, also while they are rotated, and make an event of each line.

    A file is known by what it is, not by its name: device, inode, the inode's generation or birth
    time, and its first bytes. How far it was read is stored with the events themselves, so that no
    line is lost or repeated when the agent is killed. A line counts when its newline is there.
    """

    replayable: ClassVar[bool] = True
    start: ClassVar[Start] = "line"
    sets: ClassVar[tuple[str, ...]] = ("path_header",)
    largest: ClassVar[tuple[str, ...]] = ("batch", "max_line")
    marks: ClassVar[dict[str, tuple[str, ...]]] = {"part": ("first", "middle", "last", "cut")}
    reads: ClassVar[tuple[str, ...]] = ("files", "rotated")

    files: tuple[str, ...] = prop(
        "The files: absolute paths in which `*`, `?`, `[…]` and `**` are patterns.",
        check=Check(
            "absolute paths, at least one", lambda value: bool(value) and _ABSOLUTE.holds(value)
        ),
    )
    rotated: tuple[str, ...] = prop(
        "What rotation makes of the files, such as `/var/log/access.log.*`: read before `files`, "
        "the oldest first.",
        default=(),
        check=_ABSOLUTE,
    )
    rotation: Literal["rename", "copytruncate", "none"] = prop(
        "How the files are rotated: by a new name, by a copy before the file is emptied "
        "(which itself loses lines written in between), or never.",
        default="rename",
    )
    keeps: Duration | None = prop(
        "For how long rotation keeps what was written: a fact that changes nothing here, and that "
        "checks count on where the source has to wait.",
        default=None,
        check=at_least(Duration("1s")),
    )
    skip_to_end: bool = prop(
        "Whether files that are there at the source's very first start begin at their end.",
        default=False,
    )
    line_end: Literal["lf", "crlf", "keep"] = prop(
        "What is cut off a line: the newline, the newline and a CR before it, or nothing.",
        default="lf",
    )
    max_line: Size = prop(
        "The longest line, without its end.",
        default=Size("1MiB"),
        check=between(Size("16B"), Size("16MiB")),
    )
    long_line: Literal["split", "cut"] = prop(
        "What becomes of a longer line: events of `max_line` bytes each with the header `part` "
        "(first, middle, last), or one event of its first `max_line` bytes (`part` is cut).",
        default="split",
    )
    unfinished: Literal["wait", "emit"] = prop(
        "When a last line without a newline becomes an event: once the file was deleted or renamed "
        "and nothing came for `idle`, or with `emit` in any file to which nothing came for `idle`.",
        default="wait",
    )
    idle: Duration = prop(
        "How long nothing must come to a file for it to count as at rest.",
        default=Duration("2m"),
        check=at_least(Duration("10ms")),
    )
    path_header: Header | None = prop(
        "A header that gets the file's path, as it was when the line was read.", default=None
    )
    batch: Size = prop(
        "Most bytes of lines in one batch (one line may be longer).",
        default=Size("3MiB"),
        check=between(Size("4KiB"), Size("8MiB")),
    )
    linger: Duration = prop(
        "How long lines may wait for more, to make larger batches; 0 sends them at once.",
        default=Duration("0s"),
        check=between(Duration("0s"), Duration("1m")),
    )
    poll: Duration = prop(
        "How often files are looked at without being told, as on network file systems.",
        default=Duration("1s"),
        check=between(Duration("10ms"), Duration("1h")),
    )

    @classmethod
    def contradictions(cls, values: dict[str, Any]) -> Iterator[Contradiction]:
        """Yield properties that make no sense together."""
        if values["rotation"] == "none" and values["rotated"]:
            yield Contradiction(
                ("rotated", "rotation"), "`rotation = none` says that there are no `rotated` files"
            )

    @classmethod
    def risks(cls, values: Mapping[str, Any]) -> Iterator[Risk]:
        """Yield what no reader can know of: lines between a copy and the emptying, small copies."""
        if values["rotation"] == "copytruncate":
            yield Risk(
                Failure.ROTATION,
                Harm.LOSES,
                "lines that are written between the copy and the emptying are in neither file",
                _REOPEN,
                "rotation",
            )
            yield Risk(
                Failure.ROTATION,
                Harm.REPEATS,
                "an agent that is down when a file is emptied reads a copy of less than 4 KiB "
                "again, if lines that came after the copy were read",
                _REOPEN,
                "rotation",
            )

    @classmethod
    def unlike(cls, values: dict[str, Any]) -> tuple[frozenset[str], bool]:
        """Return the header of a path that is another one after a rotation; a line that was taken
        for one without its end is longer the next time.
        """
        torn, path = values["unfinished"] == "emit", values["path_header"]
        moved = path is not None and values["rotation"] != "none"
        return frozenset((*([str(path)] if moved else ()), *(cls.marks if torn else ()))), torn

    @classmethod
    def assumptions(cls, values: Mapping[str, Any]) -> Iterator[str]:
        """Yield what rotation must do, and which lines do not count."""
        if values["rotation"] == "none":
            yield "its files are never rotated"
        elif values["rotated"]:
            yield "rotated files stay under `rotated` until they are read"
        else:
            yield "a file is seen before it is rotated, and stays in its folder until it is read"
        if values["skip_to_end"]:
            yield "lines that stand there at the very first start do not count"
        if values["long_line"] == "cut":
            yield f"of a line of more than {values['max_line']} only the beginning counts"

    def run(self, context: "SourceContext") -> None:
        """Follow the files until the agent stops."""
        from flumec.runtime.tail.follow import Follower

        with Follower(self, context) as follower:
            follower.run()
