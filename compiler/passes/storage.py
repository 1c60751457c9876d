"""Whether disks and memories hold what agents may come to hold."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Fleet, Host
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.storing import Piece, Storing, limit_of
from flumec.compiler.values import varies
from flumec.runtime.quantity import Size

_SHOWN = 6
"""How many pieces are listed, the largest first."""


class DiskTooSmall(Diagnostic, code="FL620", severity="warning"):
    """A host's disk is smaller than what its channels may come to hold.

    A channel that is told to hold 40GiB holds less where the disk is full before: sources wait
    earlier, and whatever a check says of outages is too good. All channels of all agents of the
    host count that lie in the agents' state, and what their journals take besides; a journal with
    a `directory` of its own is taken to lie on another disk.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      disk = 20GiB
    }

    agent a on web {
      source numbers : seq

      channel spool : file {
        size = 40GiB
      }

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      disk = 50GiB
    }

    agent a on web {
      source numbers : seq

      channel spool : file {
        size = 40GiB
      }

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    hosts: tuple[Host, ...]
    disk: Size
    pieces: tuple[Piece, ...]

    @property
    def message(self) -> str:
        held = figures.needed_size(_sum(self.pieces))
        return f"{_named(self.hosts)} {self.disk} of disk, and channels there may take {held}"

    @property
    def notes(self) -> tuple[str, ...]:
        return _listed(self.pieces)

    @property
    def places(self) -> tuple[Place, ...]:
        return (*_read_from(self.hosts[0], "disk"), _largest(self.pieces))

    @property
    def hint(self) -> str:
        return f"smaller channels, or a disk of {figures.needed_size(_sum(self.pieces))}"


class MemoryTooSmall(Diagnostic, code="FL621", severity="warning"):
    """An agent's limit, or its host's memory, is smaller than what it may come to hold there.

    Channels in memory, what spills before it does, and what a link's senders may have on the way
    count, and 100MiB for the process itself. When the limit is met the process is killed, and what
    it held in memory is lost.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      limits {
        memory = 256MiB
      }

      source numbers : seq

      channel spool : memory {
        size = 1GiB
      }

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      limits {
        memory = 256MiB
      }

      source numbers : seq

      channel spool : memory {
        size = 128MiB
      }

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    owner: str
    """Whose memory it is: an agent's limit, or some hosts'."""
    memory: Size
    pieces: tuple[Piece, ...]
    read: tuple[Place, ...] = ()
    """Where an inventory has it from which the block takes it."""

    @property
    def message(self) -> str:
        needed = figures.needed_size(_sum(self.pieces))
        return f"{self.owner} {self.memory} of memory, and {needed} may be needed"

    @property
    def notes(self) -> tuple[str, ...]:
        return _listed(self.pieces)

    @property
    def places(self) -> tuple[Place, ...]:
        return (*self.read, _largest(self.pieces))

    @property
    def hint(self) -> str:
        return f"less in memory, or {figures.needed_size(_sum(self.pieces))} of it"


def _sum(pieces: Sequence[Piece]) -> float:
    return sum(piece.size for piece in pieces)


def _listed(pieces: Sequence[Piece]) -> tuple[str, ...]:
    ordered = sorted(pieces, key=lambda piece: -piece.size)
    lines = [f"{piece.what}: {figures.needed_size(piece.size)}" for piece in ordered[:_SHOWN]]
    if rest := ordered[_SHOWN:]:
        lines.append(f"{len(rest)} more: {figures.needed_size(_sum(rest))}")
    return tuple(lines)


def _named(hosts: Sequence[Host]) -> str:
    if len(hosts) == 1:
        return f"`{hosts[0].name}` has"
    return f"`{hosts[0].name}` and {len(hosts) - 1:,} more have each"


def check_storage(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield limits, and hosts, whose disk or memory is too small; hosts that are alike once."""
    storing = Storing(fleet, graph)
    for agent in fleet.agents.values():
        yield from _limits(storing, agent)
    for placed, hosts in _alike(fleet):
        disk, memory = hosts[0].facts.get("disk"), hosts[0].facts.get("memory")
        pieces = [piece for agent, host in placed for piece in storing.on(agent, host)]
        on_disk = tuple(piece for piece in pieces if piece.where == "disk")
        in_memory = tuple(piece for piece in pieces if piece.where == "memory")
        if disk is not None and _sum(on_disk) > disk:
            yield DiskTooSmall(hosts[0].places_of("disk")[0], tuple(hosts), disk, on_disk)
        if memory is not None and _sum(in_memory) > memory:
            place, read = hosts[0].places_of("memory")[0], _read_from(hosts[0], "memory")
            yield MemoryTooSmall(place, _named(hosts), memory, in_memory, read)


def _limits(storing: Storing, agent: Agent) -> Iterator[MemoryTooSmall]:
    limit = limit_of(agent)
    if limit is None or not agent.hosts.hosts:  # a set without hosts was reported
        return
    pieces = tuple(p for p in storing.on(agent, agent.hosts.hosts[0]) if p.where == "memory")
    if _sum(pieces) > limit:
        place = agent.settings["limits"].value.values["memory"].span
        owner = f"`limits` give `{agent.name}`"
        yield MemoryTooSmall(place, owner, Size(int(limit)), pieces)


def _largest(pieces: Sequence[Piece]) -> Place:
    """Return where the largest part of what is needed stands."""
    most = max(pieces, key=lambda piece: piece.size)
    return Place(most.span, f"{most.what}: {figures.needed_size(most.size)}")


def _read_from(host: Host, fact: str) -> tuple[Place, ...]:
    """Return where an inventory has a host's fact, if it comes from there."""
    return tuple(Place(span, f"`{host.name}` has it here") for span in host.places_of(fact)[1:])


def _alike(fleet: Fleet) -> Iterator[tuple[list[tuple[Agent, Host]], list[Host]]]:
    """Yield hosts of which disk or memory is known, with their agents; alike ones together."""
    on_host: dict[str, list[tuple[Agent, Host]]] = defaultdict(list)
    for agent in fleet.agents.values():
        for host in agent.hosts.hosts:
            if "disk" in host.facts or "memory" in host.facts:
                on_host[host.name].append((agent, host))
    differing = {agent.name for agent in fleet.agents.values() if _differs(agent)}
    groups: dict[object, list[list[tuple[Agent, Host]]]] = defaultdict(list)
    for name, placed in on_host.items():
        facts = placed[0][1].facts
        own = name if any(agent.name in differing for agent, _ in placed) else ""
        agents = tuple(agent.name for agent, _ in placed)
        groups[agents, facts.get("disk"), facts.get("memory"), own].append(placed)
    for group in groups.values():
        yield group[0], [placed[0][1] for placed in group]


def _differs(agent: Agent) -> bool:
    return any(
        varies(held.value)
        for component in agent.components.values()
        if component.kind == "channel"
        for held in component.values.values()
    )
