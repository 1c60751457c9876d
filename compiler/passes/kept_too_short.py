"""Whether log rotation keeps what a source follows for as long as nobody reads it."""

from collections.abc import Iterator, Sequence

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Component, Fault, Fleet, Host, Proof
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.load import peak_of
from flumec.compiler.proofs.scenes import RESTART, faults_of, length_of
from flumec.compiler.proofs.waiting import kept, writer_of
from flumec.compiler.source import Span
from flumec.compiler.values import varies
from flumec.runtime.quantity import Duration


class KeptTooShort(Diagnostic, code="FL627"):
    """An agent is down for longer than log rotation keeps what it follows.

    Who writes a log goes on while the agent that follows it is down, and so does rotation: what is
    older than `keeps` when the agent is back was deleted, and nobody has read it. Without power
    nothing is written; yet what was not read before is as much older when it is back.

    A fault that says no time lasts as long as the others of its list.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
        keeps = 2d
      }

      channel spool : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y/%m/%d"
      }

      access -> spool
      spool -> store
    }

    check "nobody looks until Monday" {
      from = tailer.access
      to = tailer.store
      rate = 100KB/s
      survives = [kill(tailer, down = 3d)]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
        keeps = 7d
      }

      channel spool : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y/%m/%d"
      }

      access -> spool
      spool -> store
    }

    check "nobody looks until Monday" {
      from = tailer.access
      to = tailer.store
      rate = 100KB/s
      survives = [kill(tailer, down = 3d)]
    }
    ```
    """

    title: str
    source: str
    writer: str
    """Whose logs they are."""
    down: Duration
    keeps: Duration | None
    condition: str
    """Under which condition nothing is lost all the same."""
    dark: bool
    """Whether the host has no power meanwhile, and nobody writes."""
    timed: bool
    """Whether the fault itself says how long it lasts."""
    place: Span

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold'

    @property
    def label(self) -> str:
        known = "nothing says what rotation keeps"
        kept_for = known if self.keeps is None else f"rotation keeps {self.keeps}"
        return f"`{self.source}` is not read for {self.down}, and {kept_for}"

    @property
    def notes(self) -> tuple[str, ...]:
        if self.keeps is None:
            return (self.condition,)
        gone = figures.time(self.down - self.keeps)
        when = "wrote before, and nobody had read," if self.dark else f"writes in the first {gone}"
        return (f"what {self.writer} {when} may be gone by then", self.condition)

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.place, "the files" if self.keeps is None else "what is kept"),)

    @property
    def hint(self) -> str:
        needed = figures.needed_time(self.down)
        kept_so = f"`keeps = {needed}`, where log rotation is set so"
        return kept_so if self.timed else f"{kept_so}; or how long it is down: `down = 10m`"


def check_kept_too_short(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield faults of checks that leave files unread for longer than they are kept."""
    for proof in fleet.proofs:
        if not {"from", "survives"} <= proof.values.keys():
            continue
        node = proof.values["from"].value.node
        agent = fleet.agents[node[0]]
        source = agent.components[node[1]]
        if source.mistaken or "keeps" not in getattr(source.declaration, "props", {}):
            continue
        faults = faults_of(proof)
        longest = max((d for fault in faults if (d := length_of(fault)) is not None), default=None)
        for fault in faults:
            if hosts := _down(fault, node[0], agent.hosts.hosts):
                down = length_of(fault) or longest or RESTART
                yield from _unread(proof, fault, source, hosts, down)


def _down(fault: Fault, agent: str, hosts: Sequence[Host]) -> Sequence[Host]:
    """Return the hosts of an agent on which a fault may keep it down until it comes back."""
    if fault.kind == "kill":
        return hosts if fault.values["agent"].value == agent else ()
    if fault.kind == "power":
        site = str(fault.values["site"].value)
        return [host for host in hosts if str(host.facts.get("site", "")) == site]
    return ()


def _unread(
    proof: Proof, fault: Fault, source: Component, hosts: Sequence[Host], down: Duration
) -> Iterator[KeptTooShort]:
    differs = any(varies(held.value) for held in source.values.values())
    known = (
        complete(source.declaration, source.values, h) for h in hosts[: None if differs else 1]
    )
    full = [one for one in known if one is not None]
    least = min(full, key=lambda one: one["keeps"] or 0, default=None)
    if least is None or down <= (least["keeps"] or RESTART):
        return
    rate, keeps, dark = proof.values.get("rate"), least["keeps"], fault.kind == "power"
    writer = writer_of(least["files"])
    if rate is None or not rate.value.of_bytes or dark:
        condition = f"no loss if {writer} keeps rotated logs for {figures.needed_time(down)}"
    else:
        condition = kept(least["files"], peak_of(proof, rate), down, keeps)
    said = source.values.get("keeps")
    place = source.name_span if said is None else said.span
    name = f"{proof.values['from'].value.node[0]}.{source.name}"
    yield KeptTooShort(
        fault.span, proof.title, name, writer, down, keeps, condition, dark,
        length_of(fault) is not None, place,
    )  # fmt: skip
