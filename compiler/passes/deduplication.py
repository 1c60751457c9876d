"""Copies of one event meet in one place, or nobody can tell that they are copies."""

from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph, Node, ends
from flumec.compiler.model import Agent, Chain, Fleet, Link, Settings, Value
from flumec.runtime.component import Header
from flumec.runtime.links.settings import Hash

DEDUP = "dedup"


class CopiesApart(Diagnostic, code="FL910", severity="warning"):
    """A sink with a `dedup` may get one copy of an event, and another sink or host the other one.

    Each knows the keys that it has written itself, so both copies would be written: where the
    sink's agent runs on several hosts, and each has its own sources or a link that chooses among
    the hosts. (That a member of a group cannot leave copies out is FL351.)

    All copies must come to one host, to each host by `policy = all`, or to one by the `hash` of a
    header that is in the key. A source whose copies always enter at the same host, because a client
    asks again where it asked first, is fine too: then silence this, with that reason.

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


def check_deduplication(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks whose `dedup` may not see all copies, or sends late events back to them."""
    for agent in fleet.agents.values():
        for sink in agent.components.values():
            held = sink.values.get(DEDUP)
            if held is None or agent.name in fleet.unsure:
                continue
            reading = [chain for chain in agent.chains if sink.name in _targets(chain)]
            late = held.value.values.get("late") if isinstance(held.value, Settings) else None
            if late is not None and str(late.value) in [chain.start for chain in reading]:
                yield LateComesBack(late.span, f"{agent.name}.{sink.name}", str(late.value))
            reason = apart(fleet, agent, reading, key_headers(held))
            if reason:
                yield CopiesApart(held.key, f"{agent.name}.{sink.name}", reason)


def deduplicated(fleet: Fleet) -> Iterator[tuple[Node, Value]]:
    """Yield each sink with a `dedup`, and that."""
    for agent in fleet.agents.values():
        for sink in agent.components.values():
            held = sink.values.get(DEDUP)
            if held is not None and agent.name not in fleet.unsure:
                yield (agent.name, sink.name), held


def key_headers(dedup: Value) -> list[str]:
    """Return the headers that a `dedup` has its key from; none where it is the tag."""
    written = dedup.value.values if isinstance(dedup.value, Settings) else {}
    return headers_of(written.get("key"))


def headers_of(key: Value | None) -> list[str]:
    """Return the headers of a key, of a `dedup` or a check; none where it is the tag."""
    said = () if key is None else key.value
    found = said if isinstance(said, tuple | list) else [said]
    return [str(name) for name in found if isinstance(name, Header)]


def apart(fleet: Fleet, agent: Agent, reading: Sequence[Chain], key: Sequence[str]) -> str:
    """Return where copies may go that a sink doesn't get by `reading`, "" if nowhere."""
    hosts = len(agent.hosts.hosts)
    if hosts < 2:
        return ""
    channels = {chain.start for chain in reading}
    if any(not channels.isdisjoint(_targets(chain)) for chain in agent.chains):
        return f"events enter on {hosts} hosts, and each knows its own only"
    for link in fleet.links:
        here = [end for end in link.targets if end.agent == agent.name]
        if any(end.component in channels for end in here) and _chooses(link, key):
            return f"a link chooses among {hosts} hosts for each event"
    return ""


def _targets(chain: Chain) -> Sequence[str | None]:
    return [target.name for target in ends(chain)]


def _chooses(link: Link, key: Sequence[str]) -> bool:
    """Whether a link may bring two copies to two hosts; that it must say how it chooses is FL320.

    A `hash` of a header that is in the key brings equal keys to one host.
    """
    policy = link.values.get("policy")
    if policy is None or str(policy.value) in ("all", "single"):
        return False
    return not (isinstance(policy.value, Hash) and str(policy.value.key) in key)
