"""Whether the channels of a fleet last through the outages that its checks say it survives."""

from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fault, Fleet, Proof
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.awaited import awaited, ways_to
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.held import Held
from flumec.compiler.proofs.scenes import faults_of, length_of, scenes, timed
from flumec.compiler.proofs.waiting import remedy_of, untold, wait_of
from flumec.compiler.source import Span
from flumec.runtime.quantity import Duration


class OutageTooLong(Diagnostic, code="FL601"):
    """Channels are full before an outage is over that a check says the fleet survives.

    While a sink is out, the channel before it fills at the rate that comes to it, then those that
    lead there, and in the end the source waits. What waits in files is safe for as long as log
    rotation keeps them, which `keeps` says; what clients send is refused. So it is before a link
    that is cut for a time, and before agents that are down. The faults of one list happen together.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
      }

      channel spool : file {
        size = 4GiB
      }

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y/%m/%d"
      }

      access -> spool
      spool -> store
    }

    check "an outage is waited out" {
      from = tailer.access
      to = tailer.store
      rate = 1MB/s
      survives = [outage(tailer.store, 4h)]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
        keeps = 2d
      }

      channel spool : file {
        size = 4GiB
      }

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y/%m/%d"
      }

      access -> spool
      spool -> store
    }

    check "an outage is waited out" {
      from = tailer.access
      to = tailer.store
      rate = 1MB/s
      survives = [outage(tailer.store, 4h)]
    }
    ```
    """

    title: str
    outage: Duration
    held: Held
    consequence: str
    """What happens once everything is full: `; then taildir pauses`, behind the last channel."""
    condition: str
    """Under which condition nothing is lost all the same."""
    remedy: str
    peak: bool
    """Whether it is counted at a `peak`, and not at what comes usually."""
    beside: tuple[str, ...] = ()
    """The faults that it happens together with, where it would be waited out alone."""

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold'

    @property
    def label(self) -> str:
        return f"room for {figures.time(self.held.after)}, not {self.outage}"

    @property
    def notes(self) -> tuple[str, ...]:
        lines = [tier.text for tier in self.held.tiers]
        lines[-1] += f"; then {self.consequence}"
        together = ", ".join(f"`{fault}`" for fault in self.beside)
        further = (
            f"alone it is waited out; it comes together with {together}" if together else "",
            self.condition,
            figures.AT_PEAK if self.peak else "",
        )
        return (*lines, *(line for line in further if line))

    @property
    def hint(self) -> str:
        return self.remedy


class NothingSaysHowMuch(Diagnostic, code="FL613"):
    """A check says which outage is survived, and nothing says how many bytes come in that time.

    How long a channel lasts follows from its `size` and the check's `rate`, in bytes. An `events`
    of a channel, or a rate in events, says nothing of bytes.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : http {
        port = 8080
        tls = server
      }

      channel spool : file

      sink out : hdfs {
        path = "hdfs://nn.example.com/logs/%Y"
      }

      numbers -> spool
      spool -> out
    }

    check "an outage is waited out" {
      from = a.numbers
      to = a.out
      survives = [outage(a.out, 10m)]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : http {
        port = 8080
        tls = server
      }

      channel spool : file

      sink out : hdfs {
        path = "hdfs://nn.example.com/logs/%Y"
      }

      numbers -> spool
      spool -> out
    }

    check "an outage is waited out" {
      from = a.numbers
      to = a.out
      rate = 200KB/s
      survives = [outage(a.out, 10m)]
    }
    ```
    """

    title: str
    reason: str
    remedy: str

    @property
    def message(self) -> str:
        return f'whether "{self.title}" holds cannot be told: {self.reason}'

    @property
    def hint(self) -> str:
        return self.remedy


def check_outages(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield the outages of checks in which something is full too early."""
    capacity = graph.derived(Capacity)
    for proof in fleet.proofs:
        for fault, length in timed(faults_of(proof)) if "from" in proof.values else ():
            yield from check_outage(capacity, proof, fault, length)


def check_outage(
    capacity: Capacity, proof: Proof, fault: Fault, length: Duration
) -> Iterator[Diagnostic]:
    """Yield an outage that is not survived, with the calculation of the worst case."""
    faults = faults_of(proof)
    awaiting = awaited(capacity, proof, fault, _lasting(faults, length))
    ways = ways_to(capacity, proof.values["from"].value.node, awaiting)
    if not ways:
        return
    if (reason := untold(capacity, proof, ways)) is not None:
        if length_of(fault) is not None:
            yield NothingSaysHowMuch(fault.span, proof.title, *reason)
        return
    worst = _worst(capacity, proof, fault, faults, length)
    if worst is not None:
        beside = _beside(capacity, proof, fault, length)
        yield from _said(capacity, proof, fault.span, worst, length=length, beside=beside)


def _beside(capacity: Capacity, proof: Proof, fault: Fault, length: Duration) -> tuple[str, ...]:
    """Return the faults without which one would be waited out, as they are written."""
    if _worst(capacity, proof, fault, (fault,), length) is not None:
        return ()
    faults = faults_of(proof)
    lasting = _lasting(faults, length)
    if len(lasting) < len(faults) and _worst(capacity, proof, fault, lasting, length) is None:
        lasting = faults  # a shorter one left something
    spans = (each.span for each in lasting if each is not fault)
    return tuple(span.source.text[span.start : span.end] for span in spans)


def _lasting(faults: Sequence[Fault], length: Duration) -> tuple[Fault, ...]:
    """Return the faults of a list that last for so long, or for as long as others do."""
    return tuple(each for each in faults if (length_of(each) or length) >= length)


def _worst(
    capacity: Capacity, proof: Proof, fault: Fault, faults: Sequence[Fault], length: Duration
) -> Held | None:
    """Return what is full first of all that may be, if anything is before so long."""
    source, awaiting = proof.values["from"].value.node, awaited(capacity, proof, fault, faults)
    found = (
        held
        for scene in scenes(capacity.machines, faults, length)
        for ends in awaiting
        if (held := capacity.held(source, ends, scene)) is not None and held.after < length
    )
    return min(found, key=lambda held: held.after, default=None)


def _said(
    capacity: Capacity,
    proof: Proof,
    span: Span,
    held: Held,
    *,
    length: Duration,
    beside: tuple[str, ...],
) -> Iterator[OutageTooLong]:
    source = proof.values["from"].value.node
    waiting = wait_of(capacity, source, held, length - held.after)
    if waiting is not None:
        remedy, rate = remedy_of(capacity, held, length), capacity.rates[source]
        peak = rate.most > rate.usual
        yield OutageTooLong(span, proof.title, length, held, *waiting, remedy, peak, beside)
