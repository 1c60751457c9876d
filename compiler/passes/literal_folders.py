"""Folders and names of files as if events chose them, where they are the same for all."""

from collections.abc import Iterator

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Edit, Fix, new_line
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Component, Fleet
from flumec.runtime.output.template import Template, Text
from flumec.runtime.sinks.filing import Filing

_LITERAL = ("directory", "prefix", "suffix")
"""What a sink of files takes as it stands."""


class LiteralTemplate(Diagnostic, code="FL917", severity="warning"):
    """A sink's `directory`, or its files' names, have a time or a header in them, as they stand.

    Only `path`, the folder of the files, follows the event. All files go to one folder that is
    called `%Y`, or `%{host}`, and what looks for them by day finds none; so with the `prefix` and
    `suffix` of their names, which Apache Flume fills in.

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

    name: str
    """Of the property."""
    directory: str
    """What it is set to."""
    path: str
    """What the sink says of it; empty if nothing."""

    @property
    def message(self) -> str:
        called = next(part for part in self.directory.split("/") if "%" in part)
        what = f"the folder is called `{called}`"
        if self.name != "directory":
            end = "begin with" if self.name == "prefix" else "end in"
            what = f"the files' names {end} `{called}`"
        return f"`{self.name}` is the same for all events: {what}"

    @property
    def hint(self) -> str:
        if self.name != "directory":
            return (
                "what follows the event belongs in `path`, the folder; the names tell host, agent "
                "and sink without it"
            )
        above, below = self._divided
        if not self._written_here:
            return "what follows the event belongs in `path`, the folder below `directory`"
        below = "/".join(part for part in (below, self.path.strip("/")) if part)
        return f'`path` follows the event: `directory = "{above}"` and `path = "{below}"`'

    @property
    def fix(self) -> Fix | None:
        """Write what follows the event as `path`, if none is there yet."""
        if self.path or self.name != "directory" or not self._written_here:
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
    """Yield sinks whose folders, or files, are called what was to follow from the event."""
    found = {
        finding.span: finding
        for agent in fleet.agents.values()
        for sink in agent.components.values()
        for finding in _found(agent, sink)
    }
    yield from found.values()


def _found(agent: Agent, sink: Component) -> Iterator[LiteralTemplate]:
    declared = sink.declaration
    said = [name for name in _LITERAL if name in sink.values]
    if declared is None or not issubclass(declared, Filing) or not said:
        return
    held = next((complete(declared, sink.values, host) for host in agent.hosts.hosts[:1]), None)
    if held is None:
        return
    for name in said:
        if _follows(text := str(held[name])):
            yield LiteralTemplate(sink.values[name].span, name, text, held["path"])


def _follows(text: str) -> bool:
    """Return whether a path template of this text would have more than one path."""
    try:
        parts = Template.parse(f"_{text}").parts  # a folder may not begin with each of them
    except ValueError:  # with a `%` that means nothing, such as in `100%`
        return False
    return any(not isinstance(part, Text) for part in parts)
