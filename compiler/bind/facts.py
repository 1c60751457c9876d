"""`host.name`, `host.site`, `host.vars.x`: what is known of a host while building."""

from typing import TYPE_CHECKING, Any, NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.mistakes import SecretRendered, WrongType
from flumec.compiler.bind.scope import Env, hosts_unknown
from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix
from flumec.compiler.model import HostFact, HostSet, PerHost

if TYPE_CHECKING:
    from flumec.compiler.bind.kinds import Kind

ALWAYS = {"name": "string", "address": "string", "index": "number"}
"""What every host has, and its type."""

FACTS = {
    "disk": "size",
    "memory": "size",
    "nic": "rate",
    "disk_rate": "rate",
    "site": "string",
    "user": "string",
    "group": "string",
    "python": "string",
    "arch": "string",
    "weight": "number",
}
"""What a hosts block may say besides, and its type."""


class NoHostHere(Diagnostic, code="FL140"):
    """A fact of a host is asked for where no host is known.

    A value that differs from host to host can stand in an agent, in a link (where it is the sending
    host's), and in the facts of a host set.

    ## Example

    ```flow
    param folder : path = "/srv/${host.name}"
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      site = "rack of ${host.name}"
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Say that there is no host."""
        return f"`{self.name}` is known only where there is a host: in an agent or a link"


class UnknownFact(Diagnostic, code="FL141"):
    """A host has no such fact, or no such variable.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      site = "rack of ${host.nam}"
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      site = "rack of ${host.name}"
    }
    ```
    """

    name: str
    hosts: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        if self.name.startswith("host.vars."):
            return f"the hosts `{self.hosts}` declare no variable `{self.name[10:]}`"
        return f"there is no `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest, or say how to declare it."""
        if near := closest(self.name, self.known):
            return near
        if self.name.startswith("host.vars."):
            return f"declare it in the hosts block: `vars {{ {self.name[10:]} : string }}`"
        return None

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class HostLacksFact(Diagnostic, code="FL512"):
    """A fact is used that not every host of the set has.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink files : file_roll {
        directory = "/srv/${host.site}"
      }

      numbers -> buffer
      buffer -> files
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      site = "berlin"
    }

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink files : file_roll {
        directory = "/srv/${host.site}"
      }

      numbers -> buffer
      buffer -> files
    }
    ```
    """

    fact: str
    host: str

    @property
    def message(self) -> str:
        """Name the fact and the host."""
        return f"`host.{self.fact}` is used, but `{self.host}` has none"

    @property
    def hint(self) -> str:
        """Say where it is set."""
        return f"set `{self.fact} = …` in the block of its host set"


class Found(NamedTuple):
    """A fact that every host has: the language's word for its type, and a list's items' kind."""

    fact: HostFact
    type: str
    item: "Kind | None" = None


def read_fact(ref: tree.Ref, env: Env, kind: "Kind", slot: str) -> Any:
    """Return `host.x` as the whole value of a property; BROKEN if a mistake was reported."""
    found = find_fact(ref, env)
    if found is None:
        return BROKEN
    if _fits(found.type, kind):
        wanted = item_of(kind)
        if wanted is None:
            return PerHost((found.fact,), kind.python)
        if found.item is not None and _fits(found.item.name, wanted):
            whole: Any = tuple[wanted.python, ...]  # type: ignore[name-defined]  # made at run time
            return PerHost((found.fact,), whole)
    if found.type == "secret":
        env.findings.report(SecretRendered(ref.span, slot=slot))
        return BROKEN
    of = f" of {found.item.name}s" if found.item is not None else ""
    text = f"`{ref.text}` is a {found.type}{of}"
    env.findings.report(WrongType(ref.span, slot=slot, expected=kind.expected, found=text))
    return BROKEN


def item_of(kind: "Kind") -> "Kind | None":
    """Return the kind of a list's items; None for what is no list."""
    item: Kind | None = getattr(kind, "item", None)
    return item


def _fits(type_name: str, kind: "Kind") -> bool:
    return type_name in kind.accepts or type_name == kind.name


def find_fact(ref: tree.Ref, env: Env) -> Found | None:
    """Return the fact that `host.…` names; None if there was a mistake."""
    if env.hosts is None:
        env.findings.report(NoHostHere(ref.span, name=ref.text))
        return None
    if hosts_unknown(env.hosts):
        return None
    path = tuple(name.text for name in ref.names[1:])
    if path[:1] == ("vars",) and len(path) == 2:
        if (kind := env.hosts.vars.get(path[1])) is not None:
            known_type = kind.python is not None
            return Found(HostFact(path), kind.name, item_of(kind)) if known_type else None
    elif len(path) == 1 and path[0] in ALWAYS:
        return Found(HostFact(path), ALWAYS[path[0]])
    elif len(path) == 1 and path[0] in FACTS:
        return _everywhere(ref, path[0], env, env.hosts)
    variables = tuple(f"vars.{name}" for name in env.hosts.vars)
    known = variables if path[:1] == ("vars",) else (*ALWAYS, *FACTS, *variables)
    env.findings.report(
        UnknownFact(
            ref.span,
            name=ref.text,
            hosts=env.hosts.name,
            known=tuple(f"host.{name}" for name in known),
        )
    )
    return None


def _everywhere(ref: tree.Ref, fact: str, env: Env, hosts: HostSet) -> Found | None:
    lacking = next((host for host in hosts.hosts if fact not in host.facts), None)
    if lacking is None:
        return Found(HostFact((fact,)), FACTS[fact])
    env.findings.report(HostLacksFact(ref.span, fact=fact, host=lacking.name))
    return None
