"""What a check cuts the power of is a site that there is."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fault, Fleet, Proof, Value


class UnknownSite(Diagnostic, code="FL162"):
    """A check names a site at which there is no host.

    It would hold whatever the fleet does: nothing goes out when the power of such a site does.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      site = "north"
    }

    agent a on web {
      source numbers : seq

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> out
    }

    check "numbers arrive" {
      from = a.numbers
      to = a.out
      survives = [power("nroth")]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      site = "north"
    }

    agent a on web {
      source numbers : seq

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> out
    }

    check "numbers arrive" {
      from = a.numbers
      to = a.out
      survives = [power("north")]
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"no host has the site `{self.name}`"

    @property
    def hint(self) -> str:
        known = ", ".join(f"`{name}`" for name in self.known[:8])
        return closest(self.name, self.known) or (
            f"the sites are {known}" if known else "a host set says where it is: `site = …`"
        )

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


def check_sites(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield the sites that checks name and no host has."""
    named = [site for proof in fleet.proofs for site in sites_of(proof)]
    if not named:
        return
    sets = [*fleet.host_sets.values(), *(agent.hosts for agent in fleet.agents.values())]
    facts = (host.facts.get("site") for hosts in sets for host in hosts.hosts)
    known = tuple(dict.fromkeys(str(site) for site in facts if site is not None))
    for site in named:
        if str(site.value) not in known:
            yield UnknownSite(site.span, str(site.value), known)


def sites_of(proof: Proof) -> Iterator[Value]:
    """Yield the sites whose power goes out in a check."""
    survives = proof.values.get("survives")
    for fault in survives.value if survives is not None else ():
        if isinstance(fault, Fault) and fault.kind == "power":
            yield fault.values["site"]
