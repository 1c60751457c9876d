"""Links that spread events over hosts by a header which has one value."""

from collections.abc import Iterator

from flumec.compiler.choice import within_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.headers.steps import shown
from flumec.compiler.headers.uses import Use
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.fanning import most_peers
from flumec.compiler.source import Span


class OneValue(Diagnostic, code="FL408", severity="warning"):
    r"""A link chooses among hosts by a header that has the same value on every event.

    One host gets all of them, and the others none.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      access -> static(header.user, "nobody") -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      policy = hash(header.user)
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      access
        -> regex_extract(r"user=(\w+)", into = [header.user])
        -> static(header.user, "nobody")
        -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      policy = hash(header.user)
      tls = mutual
    }
    ```
    """

    header: str
    value: str
    hosts: int
    near: str | None
    setters: tuple[Span, ...]

    @property
    def message(self) -> str:
        name = shown(self.header)
        gets = f"gets every event of its `{self.near}`" if self.near else "gets every event"
        return f'one of {self.hosts} hosts {gets}: `{name}` is "{self.value}" on all'

    @property
    def hint(self) -> str:
        return "go by a header in which events differ, or let the link `balance`"

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(span, "it is set here") for span in self.setters)


def one_value(use: Use, fleet: Fleet) -> Iterator[OneValue]:
    """Yield that a link goes by a header of one value."""
    known = use.known
    if known.values is None or not known.sure or len(known.values) != 1:
        return
    (value,) = known.values
    for link in fleet.links:
        hosts = most_peers(fleet, link) if link.sender.node == use.node else 0
        if hosts > 1:
            near = within_of(link)
            yield OneValue(use.span, use.name, value, hosts, near, known.setters)
            return
