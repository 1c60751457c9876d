"""Files that are open at once, against the channel that holds their events until a roll."""

from collections.abc import Iterator
from math import ceil, floor
from typing import NamedTuple

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.headers.known import Headers
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent, Component, Fleet, Settings, Value
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.holding import SHRINKS, folders, held_back
from flumec.compiler.proofs.room import size_of
from flumec.compiler.source import Span
from flumec.runtime.quantity import Duration, Size
from flumec.runtime.sinks.filing import CROWDED, Filing


class Comes(NamedTuple):
    """How much comes until a file is rolled by its age."""

    rate: float
    every: Duration
    stored: float
    """Bytes of the channel that it takes."""

    @property
    def text(self) -> str:
        """Return the calculation: `2MB/s for 5m are 600MB`."""
        amount = figures.amount(self.rate * self.every)
        return f"{figures.rate(self.rate)} for {self.every} are {amount}"


class EarlyRolls(Diagnostic, code="FL909", severity="warning"):
    r"""The files that a sink may have open are larger, together, than its channel.

    An event stays in the channel until its file is published. When that holds up a channel that is
    nearly full, files are rolled early: nothing is lost, but there are many small files.

    A file's size is that of its bytes, a channel's that of its events as they are stored. So a
    compressed file counts four times, as much as logs mostly shrink, and so does a channel whose
    journal compresses.

    A sink whose path names no header has one file at a time; that counts where its `roll` says
    how large it is to be, as most are rolled by their age. Where the values of the headers are
    known, as those of `static` and `host` are, there are no more files than they have.

    Where checks say the `rate` of all sources that lead to the sink, all its files together never
    hold more than comes until they are rolled by their age, however many files a source follows.

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
    comes: Comes | None = None
    """What comes until files are rolled by their age, where that is less than files may have."""

    @property
    def message(self) -> str:
        packed = "compressed " if self.packed else ""
        room = f"{self.room}{' of compressed events' if self.pressed else ''}"
        if self.comes is not None:
            return (
                f"{self.comes.text}, and `{self.channel.name}` holds {room}: files are rolled early"
            )
        if self.files == 1:
            return (
                f"a {packed}file is to have {self.size}, and `{self.channel.name}` holds {room}: "
                "it is rolled before it is full"
            )
        return (
            f"{self.files} {packed}files of {self.size} may be open at once, and "
            f"`{self.channel.name}` holds {room}: files are rolled before they are full"
        )

    @property
    def needed(self) -> Size:
        """How much of a channel the events of all files take; one file may take most of it."""
        if self.comes is not None:
            return Size(_whole(self.comes.stored / CROWDED))
        taken = _taken(self.files * self.size, packed=self.packed, pressed=self.pressed)
        return Size(_whole(taken / CROWDED) if self.files == 1 else taken)

    @property
    def hint(self) -> str:
        if self.comes is not None:
            sooner = figures.time(self.comes.every * CROWDED * self.room / self.comes.stored)
            return f"`every = {sooner}` of `roll`, or a channel of {self.needed}"
        if self.files == 1:
            bytes_in_file = _taken(1 << 20, packed=self.packed, pressed=self.pressed) / (1 << 20)
            most = Size(max(1, _whole(self.room * CROWDED / bytes_in_file, up=False)))
            return f"`size = {most}` of a file, or a channel of {self.needed}"
        fitting = self.room // _taken(self.size, packed=self.packed, pressed=self.pressed)
        fewer = f"`max_open = {fitting}`, smaller files, or " if fitting else "smaller files, or "
        return f"{fewer}a channel of {self.needed}"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.channel.name_span, "the channel"),)


def check_rolling(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks of files whose open files do not fit into their channels."""
    capacity = graph.derived(Capacity)
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
                    headers = header_flow(graph).at((agent.name, sink.name))
                    for found in check_sink(agent, channel, sink, declaration, headers):
                        yield from _by_rates(capacity, agent, found, sink)


def _by_rates(
    capacity: Capacity, agent: Agent, found: EarlyRolls, sink: Component
) -> Iterator[EarlyRolls]:
    """Yield what was found, if as much comes; where nothing says it, if the files may be as large
    as the file says.
    """
    node, host = (agent.name, sink.name), agent.hosts.hosts[0]
    into = capacity.load.into.get(node, {}) if capacity.rates else {}
    room = capacity.rooms.of(agent.name, found.channel.name, host)
    rate = max(into.values(), default=0.0)
    back = held_back(capacity.fleet, capacity.graph, node, host, rate)
    if room is not None and back > CROWDED * room.bytes:
        written = complete(sink.declaration, sink.values, host) or {}
        every, stored = written["roll"].every, back * found.room / room.bytes
        aged = back >= rate * every
        yield EarlyRolls(
            found.span, found.files, found.size, found.channel, found.room, found.packed,
            found.pressed, Comes(rate, every, stored) if aged else None,
        )  # fmt: skip
    elif not _all_said(capacity, node) and (found.files > 1 or _said(sink)):
        yield found


def _all_said(capacity: Capacity, sink: Node) -> bool:
    """Whether checks say of all sources that lead to a sink how much comes to them."""
    components = {agent.name: agent.components for agent in capacity.fleet.agents.values()}
    entries = [
        node
        for node in capacity.graph.leading_to(sink)
        if components[node[0]][node[1]].kind == "source" and not capacity.graph.writers(node)
    ]
    return bool(entries) and capacity.rates.keys() >= set(entries)


def check_sink(
    agent: Agent, channel: Component, sink: Component, declaration: type[Filing], headers: Headers
) -> Iterator[EarlyRolls]:
    """Yield what is wrong with one sink, on the first of its hosts."""
    for host in agent.hosts.hosts[:1]:
        written = complete(declaration, sink.values, host)
        held = complete(channel.declaration, channel.values, host)
        if written is None or held is None:
            continue
        files = int(min(written["max_open"], folders(declaration, written, headers)))
        said = _said(sink)
        if files < 1 or written["roll"] is None:
            continue
        size = written["roll"].size
        room = size_of(held)
        packed, pressed = written["codec"] != "none", _pressed(agent, channel)
        place = said.span if files == 1 and said is not None else _blamed(sink)
        found = EarlyRolls(place, files, size, channel, room, packed, pressed)
        if found.needed > room:
            yield found


def _said(sink: Component) -> Value | None:
    """Return what a sink's `roll` says of a file's size."""
    roll = sink.values.get("roll")
    return roll.value.values.get("size") if roll and isinstance(roll.value, Settings) else None


def _whole(size: float, *, up: bool = True) -> int:
    """Return a size in whole MiB, where it has one, as a person would write it."""
    unit = 1 << (20 if size >= 1 << 20 else 10)
    return (ceil(size / unit) if up else floor(size / unit)) * unit


def _taken(size: int, *, packed: bool, pressed: bool) -> int:
    """Return how many bytes of a channel the events of so many bytes in files take."""
    return max(1, size * (SHRINKS if packed else 1) // (SHRINKS if pressed else 1))


def _pressed(agent: Agent, channel: Component) -> bool:
    """Whether a channel's journal compresses what it stores."""
    journal = agent.journals.get(journal_of(agent, channel.name) or "")
    compression = None if journal is None else journal.values.get("compression")
    return compression is not None and compression.value != "none"


def _blamed(sink: Component) -> Span:
    """Return the place to mend: how many files, how large, or the sink that says neither."""
    given = [sink.values[name].key for name in ("max_open", "roll") if name in sink.values]
    return next((key for key in given if key is not None), sink.name_span)
