"""A source that follows what its own events are written into."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Component, Fleet, Host
from flumec.compiler.source import Span
from flumec.runtime.formats.formats import suffix
from flumec.runtime.output.names import file_name
from flumec.runtime.output.template import Template, Text
from flumec.runtime.sinks.filing import Filing
from flumec.runtime.sources.taildir import Taildir


class FollowsItself(Diagnostic, code="FL535"):
    """A source follows the files that its own events are written into, on the same host.

    Each line that is written is read, and written again: the files grow until the disk is full.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/**/*.log"]
      }

      channel spool : file

      sink copies : file_roll {
        directory = "/var/log/copies"
      }

      logs -> spool
      spool -> copies
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/**/*.log"]
      }

      channel spool : file

      sink copies : file_roll {
        directory = "/srv/copies"
      }

      logs -> spool
      spool -> copies
    }
    ```
    """

    source: str
    sink: str
    file: str
    host: str
    directory: Span

    @property
    def message(self) -> str:
        return f"`{self.source}` follows what `{self.sink}` writes of its events on `{self.host}`"

    @property
    def label(self) -> str:
        return "its files are meant too"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"a file of `{self.sink}` is `{self.file}`",)

    @property
    def hint(self) -> str:
        return "let the sink write into a directory that no pattern of the source means"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.directory, "they are written here"),)


def check_own_files(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield sources that follow the files of sinks which their events come to."""
    sinks = {
        (agent.name, one.name): {host.name: host for host in agent.hosts.hosts}
        for agent in fleet.agents.values()
        for one in agent.components.values()
        if one.kind == "sink" and one.declaration and issubclass(one.declaration, Filing)
    }
    for agent in fleet.agents.values() if sinks else ():
        for source in agent.components.values():
            if source.declaration is None or not issubclass(source.declaration, Taildir):
                continue
            node = (agent.name, source.name)
            # Most events leave their host, and then nothing of it is to be looked at.
            for sink in sorted(graph.reachable([node]) & sinks.keys()):
                shared = [host for host in agent.hosts.hosts if host.name in sinks[sink]]
                yield from _between(fleet, node, sink, shared)


def _between(
    fleet: Fleet, source: Node, sink: Node, hosts: Sequence[Host]
) -> Iterator[FollowsItself]:
    reader, writer = (fleet.agents[one[0]].components[one[1]] for one in (source, sink))
    declared, files = reader.declaration, reader.values.get("files")
    if declared is None or files is None:
        return
    for host in hosts:
        held = complete(declared, reader.values, host)
        written = _file(writer, sink[0], host)
        if held is None or written is None:
            continue
        path, place = written
        if any(meant(str(pattern), path) for pattern in held["files"]):
            names = [".".join(node) for node in (source, sink)]
            yield FollowsItself(files.span, names[0], names[1], path, host.name, place)
            return


def _file(sink: Component, agent: str, host: Host) -> tuple[str, Span] | None:
    """Return the path of a file that a sink writes on a host, and where its directory is said."""
    declared = sink.declaration
    assert declared is not None
    assert issubclass(declared, Filing)
    held = complete(declared, sink.values, host)
    name = next((name for name in declared.writes if name in sink.values), None)
    if held is None or name is None:
        return None
    folder = declared.folder(name, held[name])
    if folder is None:
        return None
    try:
        parts = Template.parse(declared.template(held)).parts
    except ValueError:  # which was reported
        return None
    below = "".join(part.value if isinstance(part, Text) else "2026" for part in parts)
    end = suffix(held["format"], held["codec"]) if held["suffix"] is None else held["suffix"]
    writer = (host.name, agent, sink.name)
    file = file_name(writer, 0, 999, bytes.fromhex("5f3a1c"), end, prefix=held["prefix"])
    path = "/".join(part for part in (folder.rstrip("/"), below, file) if part)
    return path, sink.values[name].span


def meant(pattern: str, path: str) -> bool:
    """Return whether a pattern of files means a path.

    >>> meant("/var/**/*.log", "/var/log/a/c.log"), meant("/var/*.log", "/var/log/c.log")
    (True, False)
    """
    return _meant(pattern.split("/"), path.split("/"))


def _meant(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return any(_meant(pattern[1:], path[count:]) for count in range(len(path)))
    return fnmatchcase(path[0], pattern[0]) and _meant(pattern[1:], path[1:])
