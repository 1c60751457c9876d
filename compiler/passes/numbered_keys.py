"""A key by which copies are known tells apart what several sources count."""

from collections.abc import Iterator

from flumec.compiler.deduplicated import deduplicated
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet, Settings
from flumec.compiler.proofs.claim import Origin
from flumec.compiler.proofs.claims import claims


class NumbersShareKeys(Diagnostic, code="FL348", severity="warning"):
    """The key of a `dedup` is the same of events that several sources count.

    Each `seq`, on each host, has the bodies 0, 1, 2 and so on. A key that is made of the body
    alone takes the 7 of one host for a copy of the 7 of another: all but one are left out.

    Where they stand for one event that was sent to each host, to try a `dedup` out, that is what is
    wanted: turn the warning off there.

    ## Example

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source ticks : seq

      channel out : file

      ticks -> fingerprint(header.id, of = [body]) -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/ticks"

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

    ## Instead

    ```flow
    hosts pair = ["feed-a", "feed-b"]

    hosts vault = ["vault"]

    agent feed on pair {
      source ticks : seq

      channel out : file

      ticks -> host() -> fingerprint(header.id, of = [header.host, body]) -> out
    }

    agent book on vault {
      channel inbox : file

      sink ledger : file_roll {
        directory = "/srv/ticks"

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
    origins: tuple[Origin, ...]
    counting: tuple[Place, ...]

    @property
    def message(self) -> str:
        names = list(dict.fromkeys(f"`{'.'.join(origin.source)}`" for origin in self.origins))
        first = names[0] if len(names) == 1 else f"{names[0]} and {names[1]}"
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        hosts = len({origin.host for origin in self.origins})
        where = f" on {hosts} hosts" if hosts > 1 else ""
        count = "counts" if len(names) == 1 else "count"
        return f"`{self.sink}` takes what {first}{more} {count}{where} for copies: it has one key"

    @property
    def hint(self) -> str:
        if len({origin.source for origin in self.origins}) > 1:
            return "have in the key what each source sets differently, such as a `static` header"
        return "have the host in the key: `host()`, and `header.host` in the `fingerprint`"

    @property
    def notes(self) -> tuple[str, ...]:
        return ("of the events with one key the first is written, all others are left out",)

    @property
    def places(self) -> tuple[Place, ...]:
        return self.counting[:2]


def check_numbered_keys(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield keys that different events of `seq` sources have in common."""
    keyed = list(deduplicated(fleet)) if _counts(fleet) else []
    alike: dict[Node, frozenset[Origin]] = {}
    for claim in claims(graph) if keyed else ():
        alike[claim.sink] = alike.get(claim.sink, frozenset()) | claim.alike
    for node, held in keyed:
        origins = tuple(sorted(alike.get(node, ())))
        key = held.value.values.get("key") if isinstance(held.value, Settings) else None
        if origins and key is not None:
            counting = tuple(_counting(fleet, origins))
            yield NumbersShareKeys(key.span, f"{node[0]}.{node[1]}", origins, counting)


def _counts(fleet: Fleet) -> bool:
    parts = (part for agent in fleet.agents.values() for part in agent.components.values())
    kinds = {part.declaration for part in parts if part.kind == "source"}
    return any(getattr(kind, "same_everywhere", False) for kind in kinds)


def _counting(fleet: Fleet, origins: tuple[Origin, ...]) -> Iterator[Place]:
    for agent, name in dict.fromkeys(origin.source for origin in origins):
        source = fleet.agents[agent].components[name]
        yield Place(source.name_span, "it counts from 0, on each host")
