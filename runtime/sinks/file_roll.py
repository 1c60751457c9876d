"""The `file_roll` sink: events become local files, and each file appears whole."""

from typing import TYPE_CHECKING, Any, ClassVar

from flumec.runtime.component import Check, Path, prop
from flumec.runtime.sinks.filing import Filing

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext


class FileRoll(Filing, type="file_roll"):
    """Write events into local files, as lines or as Parquet.

    A file is written out of sight, synced, and then renamed to its final name, so whoever lists the
    directory sees whole files only, each event in exactly one of them. Names are never used twice:
    they carry host, agent, sink, the first and last row, and which start of the agent wrote them.
    """

    writes: ClassVar[tuple[str, ...]] = ("directory",)

    directory: Path = prop(
        "Where the files go; it is made if it is missing.",
        check=Check("an absolute path", lambda value: str(value).startswith("/")),
    )
    path: str = prop(
        "The folder below `directory`, from the event: `%Y/%m/%d/%{host}`. Times are from the "
        "header `timestamp` or, without it, when the event was first stored.",
        default="",
    )

    @classmethod
    def template(cls, values: dict[str, Any]) -> str:
        """Return the template of the folders that files go into."""
        return str(values["path"])

    def run(self, context: "SinkContext") -> None:
        """Deliver the channel's events into files until the agent stops, then roll what is open."""
        from flumec.runtime.output.local import LocalStore
        from flumec.runtime.output.store import Store

        def open_store(directory: str, sink: str) -> Store:
            epoch, disk = context.consumer.epoch, context.disk
            return LocalStore(Path(directory), sink, epoch, disk, host=context.host)

        self.deliver(context, str(self.directory), self.path, open_store)
