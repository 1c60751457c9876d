"""Copies of one event meet in one place, or nobody can tell that they are copies."""

from collections.abc import Iterable, Iterator, Sequence

from flumec.compiler.deduplicated import DEDUP
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph, ends
from flumec.compiler.lying import is_on_disk
from flumec.compiler.model import Agent, Chain, Fleet, Settings
from flumec.compiler.proofs.scattered import ScatteredBySource


class CopiesApart(Diagnostic, code="FL910", severity="warning"):
    """A sink with a `dedup` may get one copy of an event, and another sink or host the other one.

    Each knows the keys that it has written itself, so both copies would be written: where the
    sink's agent runs on several hosts, and each has its own sources or a link that chooses among
    the hosts. (That a member of a group cannot leave copies out is FL351.)

    All copies must come to one host, to each host by `policy = all`, or to one by the `hash` of a
    header that they have in common: of one in the key, or that a step makes of the file or the
    body. A source whose copies always enter at the same host, because a client asks again where it
    asked first, is fine too: then silence this, with that reason.

    ## Example

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    agent book on pair {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = drop
        }
      }

      trades -> inbox
      inbox -> ledger
    }
    ```

    ## Instead

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel out : file

      trades -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = drop
        }
      }

      inbox -> ledger
    }

    feed.out => book.inbox {
      port = 4242
      tls = mutual
    }
    ```
    """

    sink: str
    reason: str

    @property
    def message(self) -> str:
        return f"`dedup` of `{self.sink}` does not see all copies: {self.reason}"

    @property
    def hint(self) -> str:
        return "let all events of the key come to one sink on one host"


class KeysInMemory(Diagnostic, code="FL918", severity="warning"):
    """A sink with a `dedup` reads a channel that is in memory.

    The keys of what a sink has written are stored with how far it has read, so that a crash leaves
    both or neither. Behind a channel in memory there is no such place: whenever the agent starts,
    and be it for a new bundle, it knows no key any more, and a copy that comes then is written once
    more.

    ## Example

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel inbox : memory

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = drop
        }
      }

      trades -> inbox
      inbox -> ledger
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

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = drop
        }
      }

      trades -> inbox
      inbox -> ledger
    }
    ```
    """

    sink: str
    channel: str

    @property
    def message(self) -> str:
        return (
            f"`dedup` of `{self.sink}` knows no copies of what was there before its agent started"
        )

    @property
    def hint(self) -> str:
        return f"`channel {self.channel} : file`: keys are stored where what it reads is"


class LateComesBack(Diagnostic, code="FL330"):
    """A sink's `dedup` sends late events into the channel that the sink reads.

    An event that is late stays so: it would come back again and again.

    ## Example

    ```flow
    hosts vault = ["vault"]

    agent book on vault {
      source trades : http {
        port = 5140
        bind = "127.0.0.1"
      }

      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/trades"

        dedup {
          key = header.id
          late = inbox
        }
      }

      trades -> inbox
      inbox -> ledger
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
          late = old
        }
      }

      trades -> inbox
      inbox -> ledger
    }
    ```
    """

    sink: str
    channel: str

    @property
    def message(self) -> str:
        return f"late events come back to `{self.sink}`, which reads `{self.channel}`"

    @property
    def hint(self) -> str:
        return "a channel of their own, which needs no reader"


def check_deduplication(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks whose `dedup` may not see all copies, or sends late events back to them.

    That a link to several agents parts copies is said of the link.
    """
    scattered = graph.derived(ScatteredBySource)
    for agent in fleet.agents.values():
        for sink in agent.components.values():
            held = sink.values.get(DEDUP)
            if held is None or agent.name in fleet.unsure:
                continue
            reading = [chain for chain in agent.chains if sink.name in _targets(chain)]
            late = held.value.values.get("late") if isinstance(held.value, Settings) else None
            if late is not None and str(late.value) in [chain.start for chain in reading]:
                yield LateComesBack(late.span, f"{agent.name}.{sink.name}", str(late.value))
            for start in _starts_in_memory(agent, reading):
                yield KeysInMemory(held.key, f"{agent.name}.{sink.name}", start)
            several = len(agent.hosts.hosts) > 1
            reason = scattered.reason_of_any((agent.name, sink.name), held) if several else ""
            if reason:
                yield CopiesApart(held.key, f"{agent.name}.{sink.name}", reason)


def _starts_in_memory(agent: Agent, chains: Iterable[Chain]) -> Iterator[str]:
    for chain in chains:
        channel = agent.components.get(chain.start)
        if channel is None or channel.kind != "channel" or channel.declaration is None:
            continue
        if not is_on_disk(channel):
            yield chain.start


def _targets(chain: Chain) -> Sequence[str | None]:
    return [target.name for target in ends(chain)]
