"""Folders that are written as if events chose them, where they are one and the same for all."""

from collections.abc import Iterator

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Edit, Fix, new_line
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Component, Fleet
from flumec.runtime.output.template import Template, Text
from flumec.runtime.sinks import FileRoll


class LiteralTemplate(Diagnostic, code="FL917", severity="warning"):
    """A sink's `directory` has a time or a header in it, and is taken as it stands.

    Only `path`, the folder below it, follows the event. All files go to one folder that is called
    `%Y`, or `%{host}`, and what looks for them by day finds none.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs/%Y-%m-%d"
      }

      numbers -> spool
      spool -> files
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/logs"
        path = "%Y-%m-%d"
      }

      numbers -> spool
      spool -> files
    }
    ```
    """

    directory: str
    path: str
    """What the sink says of it; empty if nothing."""

    @property
    def message(self) -> str:
        folder = next(part for part in self.directory.split("/") if "%" in part)
        return f"`directory` is the same for all events: the folder is called `{folder}`"

    @property
    def hint(self) -> str:
        above, below = self._divided
        if not self._written_here:
            return "what follows the event belongs in `path`, the folder below `directory`"
        below = "/".join(part for part in (below, self.path.strip("/")) if part)
        return f'`path` follows the event: `directory = "{above}"` and `path = "{below}"`'

    @property
    def fix(self) -> Fix | None:
        """Write what follows the event as `path`, if none is there yet."""
        if self.path or not self._written_here:
            return None
        above, below = self._divided
        moved = f'"{above}"{new_line(self.span)}path = "{below}"'
        return Fix("write it in `path`", (Edit(self.span, moved),), safe=False)

    @property
    def _written_here(self) -> bool:
        """Whether the text stands there as it is, not made of others."""
        text = self.span.source.text[self.span.start : self.span.end]
        return text == f'"{self.directory}"'

    @property
    def _divided(self) -> tuple[str, str]:
        """The folders before the first that follows the event, and the rest."""
        before, sign, after = self.directory.partition("%")
        above, _, first = before.rpartition("/")
        return above or "/", f"{first}{sign}{after}".rstrip("/")


def check_literal_folders(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks that write into a folder whose name was to follow from the event."""
    found = {
        finding.span: finding
        for agent in fleet.agents.values()
        for sink in agent.components.values()
        if (finding := _found(agent, sink)) is not None
    }
    yield from found.values()


def _found(agent: Agent, sink: Component) -> LiteralTemplate | None:
    said = sink.values.get("directory")
    if sink.declaration is not FileRoll or said is None:
        return None
    held = next((complete(FileRoll, sink.values, host) for host in agent.hosts.hosts[:1]), None)
    if held is None or not _follows(directory := str(held["directory"])):
        return None
    return LiteralTemplate(said.span, directory, held["path"])


def _follows(directory: str) -> bool:
    """Return whether a path template of this text would have more than one path."""
    try:
        parts = Template.parse(directory.lstrip("/")).parts
    except ValueError:  # with a `%` that means nothing, such as in `100%`
        return False
    return any(not isinstance(part, Text) for part in parts)
