"""Whether a fleet catches up after outages within the time that its checks say."""

from collections.abc import Iterator
from math import inf

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet, Proof
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.outlook import Outlook, outlooks
from flumec.compiler.proofs.recovery import Narrow
from flumec.compiler.proofs.scenes import faults_of, timed
from flumec.compiler.source import Span
from flumec.runtime.quantity import Duration


class CaughtUpTooLate(Diagnostic, code="FL624"):
    """After an outage it takes longer to catch up than a check says.

    What waited has to go through networks, disks and stores beside what goes on coming. The slowest
    of them says how long it takes: what waits there, by the speed that is left. Networks are as
    fast as `nic` of a host says, disks as `disk_rate`, stores as `takes` of a sink; what comes,
    comes at `peak`, where a check says one.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      nic = 1.2MB/s
    }

    agent a on web {
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

    check "an outage is made up for by the evening" {
      from = a.access
      to = a.store
      rate = 1MB/s
      survives = [outage(a.store, 4h)]
      catches_up = 2h
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      nic = 125MB/s
    }

    agent a on web {
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

    check "an outage is made up for by the evening" {
      from = a.access
      to = a.store
      rate = 1MB/s
      survives = [outage(a.store, 4h)]
      catches_up = 2h
    }
    ```
    """

    title: str
    bound: Duration
    narrow: Narrow
    place: Span

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold'

    @property
    def label(self) -> str:
        if self.narrow.time == inf:
            return f"never caught up, not after {self.bound}"
        return f"caught up after {figures.time(self.narrow.time)}, not {self.bound}"

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.narrow.text,)

    @property
    def hint(self) -> str:
        narrow = self.narrow
        speed = figures.needed_rate(narrow.coming + narrow.waiting / self.bound)
        later = figures.needed_time(narrow.time) if narrow.time < inf else ""
        faster = f"what is faster, `{narrow.fact} = {speed}`"
        return faster + (f", or `catches_up = {later}`" if later else "")

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.place, "asked for here"),)


class NothingSaysHowFast(Diagnostic, code="FL625"):
    """A check says how long it takes to catch up, and nothing says how fast that can be.

    What waited in an outage goes through the networks of hosts, and only a host's fact `nic` says
    how fast that is; `disk_rate` where nothing is sent. And there has to be something to catch up
    from, an outage or another fault that lasts.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
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

    check "an outage is made up for by the evening" {
      from = a.access
      to = a.store
      rate = 1MB/s
      survives = [outage(a.store, 4h)]
      catches_up = 2h
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      nic = 125MB/s
    }

    agent a on web {
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

    check "an outage is made up for by the evening" {
      from = a.access
      to = a.store
      rate = 1MB/s
      survives = [outage(a.store, 4h)]
      catches_up = 2h
    }
    ```
    """

    title: str
    reason: str
    remedy: str

    @property
    def message(self) -> str:
        return f'whether "{self.title}" catches up cannot be told: {self.reason}'

    @property
    def hint(self) -> str:
        return self.remedy


def check_catching_up(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield checks that say how long it takes to catch up, where it takes longer."""
    proofs = [proof for proof in fleet.proofs if "catches_up" in proof.values]
    for proof in proofs:
        if not any(timed(faults_of(proof))):
            reason = "it survives nothing that lasts"
            remedy = "say what is caught up from: `survives = [outage(SINK, 4h)]`"
            yield NothingSaysHowFast(proof.values["catches_up"].span, proof.title, reason, remedy)
    for outlook in outlooks(fleet, graph, proofs):
        yield from _late(outlook)


def _late(outlook: Outlook) -> Iterator[Diagnostic]:
    proof: Proof = outlook.proof
    bound, narrow = proof.values["catches_up"], outlook.narrow
    if narrow is not None and narrow.time > bound.value:
        if narrow.time < inf or outlook.gone:  # else too much comes always, which FL622 says
            yield CaughtUpTooLate(outlook.fault.span, proof.title, bound.value, narrow, bound.span)
    elif outlook.untold is not None:
        host, fact = outlook.untold
        reason = f"`{host}` does not say how fast its {'network' if fact == 'nic' else 'disk'} is"
        remedy = f"say it where its hosts are declared: `{fact} = 125MB/s`"
        yield NothingSaysHowFast(outlook.fault.span, proof.title, reason, remedy)
