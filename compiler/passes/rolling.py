"""Files that are open at once, against the channel that holds their events until a roll."""

from collections.abc import Iterator

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.headers.known import Headers
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent, Component, Fleet
from flumec.compiler.source import Span
from flumec.runtime.output.template import Template
from flumec.runtime.quantity import Size
from flumec.runtime.sinks.filing import Filing

_ANY_NUMBER = 1 << 62

_SHRINKS = 4
"""How many times smaller compression makes logs, at least mostly."""


class EarlyRolls(Diagnostic, code="FL909", severity="warning"):
    r"""The files that a sink may have open are larger, together, than its channel.

    An event stays in the channel until its file is published. When that holds up a channel that is
    nearly full, files are rolled early: nothing is lost, but there are many small files.

    A file's size is that of its bytes, a channel's that of its events as they are stored. So a
    compressed file counts four times, as much as logs mostly shrink, and so does a channel whose
    journal compresses.

    A sink whose path names no header writes to one folder at a time, and is left alone. Where the
    values of the headers are known, as those of `static` and `host` are, there are no more files
    than they have.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file {
        size = 4GiB
      }

      sink files : file_roll {
        directory = "/srv/numbers"
        path = "%{site}"
      }

      numbers -> regex_extract(r"(\d\d)", into = [header.site]) -> static(header.site, "0") -> spool
      spool -> files
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file {
        size = 4GiB
      }

      sink files : file_roll {
        directory = "/srv/numbers"
        path = "%{site}"
        max_open = 60

        roll {
          size = 64MiB
        }
      }

      numbers -> regex_extract(r"(\d\d)", into = [header.site]) -> static(header.site, "0") -> spool
      spool -> files
    }
    ```
    """

    files: int
    size: Size
    channel: Component
    room: Size
    packed: bool
    """Whether the files are compressed."""
    pressed: bool
    """Whether the channel's journal is."""

    @property
    def message(self) -> str:
        files = f"{self.files} {'compressed ' if self.packed else ''}files of {self.size}"
        room = f"{self.room}{' of compressed events' if self.pressed else ''}"
        return (
            f"{files} may be open at once, and `{self.channel.name}` holds {room}: files are "
            "rolled before they are full"
        )

    @property
    def needed(self) -> Size:
        """How much of the channel the events of all files take."""
        return Size(_taken(self.files * self.size, packed=self.packed, pressed=self.pressed))

    @property
    def hint(self) -> str:
        fitting = self.room // _taken(self.size, packed=self.packed, pressed=self.pressed)
        fewer = f"`max_open = {fitting}`, smaller files, or " if fitting else "smaller files, or "
        return f"{fewer}a channel of {self.needed}"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.channel.name_span, "the channel"),)


def check_rolling(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks of files whose open files do not fit into their channels."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            channel = agent.components.get(chain.start)
            if channel is None or channel.kind != "channel" or not isinstance(chain.end, tuple):
                continue
            if channel.declaration is None:  # of a type that there is not, which was reported
                continue
            for target in chain.end:
                sink = agent.components.get(target.name or "")
                declaration = None if sink is None else sink.declaration
                if sink and declaration and issubclass(declaration, Filing):
                    headers = header_flow(fleet, graph).at((agent.name, sink.name))
                    yield from check_sink(agent, channel, sink, declaration, headers)


def check_sink(
    agent: Agent, channel: Component, sink: Component, declaration: type[Filing], headers: Headers
) -> Iterator[EarlyRolls]:
    """Yield what is wrong with one sink, on the first of its hosts."""
    for host in agent.hosts.hosts[:1]:
        written = complete(declaration, sink.values, host)
        held = complete(channel.declaration, channel.values, host)
        if written is None or held is None:
            continue
        files = min(written["max_open"], _folders(declaration, written, headers))
        if files < 2:
            continue
        size = written["roll"].size
        room = Size(held.get("size", 0) + held.get("memory", 0))
        packed, pressed = written["codec"] != "none", _pressed(agent, channel)
        found = EarlyRolls(_blamed(sink), files, size, channel, room, packed, pressed)
        if found.needed > room:
            yield found


def _taken(size: int, *, packed: bool, pressed: bool) -> int:
    """Return how many bytes of a channel the events of so many bytes in files take."""
    return max(1, size * (_SHRINKS if packed else 1) // (_SHRINKS if pressed else 1))


def _pressed(agent: Agent, channel: Component) -> bool:
    """Whether a channel's journal compresses what it stores."""
    journal = agent.journals.get(journal_of(agent, channel.name) or "")
    compression = None if journal is None else journal.values.get("compression")
    return compression is not None and compression.value != "none"


def _folders(declaration: type[Filing], written: dict[str, object], headers: Headers) -> int:
    """Return how many folders a sink may write to at a time: one for each value of its headers."""
    try:
        named = Template.parse(declaration.template(written)).headers
    except ValueError:  # which was reported
        return 0
    folders = 1
    for known in (headers[name] for name in named):
        if known.values is None:
            return _ANY_NUMBER
        folders *= len(known.values) + (not known.sure)
    return folders


def _blamed(sink: Component) -> Span:
    """Return the place to mend: how many files, how large, or the sink that says neither."""
    given = [sink.values[name].key for name in ("max_open", "roll") if name in sink.values]
    return next((key for key in given if key is not None), sink.name_span)
