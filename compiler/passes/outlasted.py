"""What a sink does with events that had to wait, against the outages that a check survives."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.letters import given_up_after
from flumec.compiler.model import Component, Fault, Fleet, Settings, Value
from flumec.compiler.passes.channels import late_channel
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.waited_for import longest_waits
from flumec.compiler.source import Span
from flumec.runtime.dedup.margin import MARGIN
from flumec.runtime.quantity import Duration
from flumec.runtime.sinks.dedup import Dedup

_LASTS = {
    "outage": "an outage of {} outlasts",
    "cut": "a cut of {} outlasts",
    "kill": "agents that are down for {} outlast",
    "power": "a site without power for {} outlasts",
    "lose": "hosts that are replaced after {} outlast",
}
_CALLED = {
    "outage": "the outage",
    "cut": "what is sent waits here",
    "kill": "what they have waits meanwhile",
    "power": "what is there waits meanwhile",
    "lose": "what is for them waits meanwhile",
}


class WindowOutlasted(Diagnostic, code="FL344", severity="warning"):
    """A check survives what keeps events waiting for longer than the window of its sink's `dedup`.

    An outage, a link that is cut, agents that are down: what waits for longer than the window, less
    five minutes for clocks, is late in the end: whether it is a copy is not known any more. It goes
    where `late` or `dead_letter` says, and not to where the check wants it. An agent, a site or a
    link that is not on the way from the check's source to its sink keeps nothing from it.

    ## Example

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel inbox : file

      channel old : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          window = 1h
          late = old
        }
      }

      trades -> inbox
      inbox -> ledger
    }

    check "trades are booked, also after a bad afternoon" {
      from = book.trades
      to = book.ledger
      rate = 1kB/s
      survives = [outage(book.ledger, 4h)]
    }
    ```

    ## Instead

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel inbox : file

      channel old : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          window = 24h
          late = old
        }
      }

      trades -> inbox
      inbox -> ledger
    }

    check "trades are booked, also after a bad afternoon" {
      from = book.trades
      to = book.ledger
      rate = 1kB/s
      survives = [outage(book.ledger, 4h)]
    }
    ```
    """

    sink: str
    window: Duration
    outage: Duration
    goes: str
    fault: Fault

    @property
    def message(self) -> str:
        what = _LASTS[self.fault.kind].format(self.outage)
        return f"{what} the window of {self.window} of `{self.sink}`"

    @property
    def label(self) -> str:
        return f"what waits for longer {self.goes}"

    @property
    def notes(self) -> tuple[str, ...]:
        known, margin = figures.time(self.window - MARGIN), figures.time(MARGIN)
        return (
            f"late is what waited for longer than {known}: the window, less {margin} for clocks",
        )

    @property
    def hint(self) -> str:
        return f"`window = {figures.needed_time(self.outage + 2 * MARGIN)}`, or more"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.fault.span, _CALLED[self.fault.kind]),)


class GivesUpSooner(Diagnostic, code="FL346", severity="warning"):
    """A sink gives events up before the outage is over that a check survives.

    They become dead letters while the sink is still out: nothing is lost, but what the check wants
    delivered lies in another channel, and a person has to replay it. A member of a group has others
    that deliver what it has, unless all of them are out.

    ## Example

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : seq

      channel inbox : file

      channel letters : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        dead_letter = letters
        give_up = after(1h)
      }

      trades -> inbox
      inbox -> ledger
    }

    check "trades are booked, also after a bad afternoon" {
      from = book.trades
      to = book.ledger
      rate = 1kB/s
      survives = [outage(book.ledger, 4h)]
    }
    ```

    ## Instead

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : seq

      channel inbox : file

      channel letters : file

      sink ledger : file_roll {
        directory = "/srv/trades"
        dead_letter = letters
        give_up = after(24h)
      }

      trades -> inbox
      inbox -> ledger
    }

    check "trades are booked, also after a bad afternoon" {
      from = book.trades
      to = book.ledger
      rate = 1kB/s
      survives = [outage(book.ledger, 4h)]
    }
    ```
    """

    sink: str
    after: Duration
    outage: Duration
    letters: str
    fault: Span

    @property
    def message(self) -> str:
        return f"`{self.sink}` gives events up after {self.after}, in an outage of {self.outage}"

    @property
    def label(self) -> str:
        return f"then they go to `{self.letters}`" if self.letters else ""

    @property
    def hint(self) -> str:
        return f"`give_up = after({figures.needed_time(1.5 * self.outage)})`, or none at all"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.fault, "the outage"),)


def check_outlasted(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks that have done with events before a fault is over that a check survives."""
    said: set[Span] = set()
    for fault, (agent, name), length in longest_waits(fleet, graph):
        sink = fleet.agents[agent].components.get(name) if agent in fleet.agents else None
        for found in _of_sink(agent, sink, fault, length) if sink and not sink.mistaken else ():
            if found.span not in said:
                said.add(found.span)
                yield found


def _of_sink(
    agent: str, sink: Component, fault: Fault, length: Duration
) -> Iterator[WindowOutlasted | GivesUpSooner]:
    name = f"{agent}.{sink.name}"
    dedup, given = sink.values.get("dedup"), sink.values.get("give_up")
    if dedup is not None and isinstance(dedup.value, Settings):
        held = dedup.value.values.get("window")
        window = Dedup.props["window"].default if held is None else held.value
        if length > window - MARGIN:
            place = dedup.key if held is None else held.span
            yield WindowOutlasted(place, name, window, length, _goes(sink, dedup), fault)
    if fault.kind == "outage" and given is not None:
        after = given_up_after(given)
        letters = sink.values.get("dead_letter")
        if after is not None and after < length:
            goes = "" if letters is None else str(letters.value)
            yield GivesUpSooner(given.span, name, after, length, goes, fault.span)


def _goes(sink: Component, dedup: Value) -> str:
    """Return what becomes of late events, as the end of a clause."""
    late = dedup.value.values.get("late")
    if late is not None and late.value == "drop":
        return "is dropped"
    letters = sink.values.get("dead_letter")
    channel = late_channel(sink) or ("" if letters is None else str(letters.value))
    return f"goes to `{channel}`" if channel else "is late"
