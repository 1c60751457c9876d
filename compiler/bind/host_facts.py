"""What a hosts block says of its hosts: facts, and typed variables with a value for each host."""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.inventory import Text
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.params import literal
from flumec.compiler.bind.properties import Filling, Form, fields_of
from flumec.compiler.bind.property_mistakes import DuplicateProperty, Misplaced, what_stands
from flumec.compiler.bind.scope import Env, Scope
from flumec.compiler.bind.types import NO_KIND, kind_named, kind_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.model import Value
from flumec.compiler.source import Span
from flumec.runtime.bounds import bytes_a_second
from flumec.runtime.component import Check, Declared, Rate, Size, at_least, not_empty, prop

_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,30}")
_PYTHON = re.compile(r"3\.(1[1-9]|[2-9][0-9])")
_ADDRESS = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_.:-]{1,253}")

ADDRESS: Check[str] = Check(
    "a name or an IP address", lambda text: _ADDRESS.fullmatch(text) is not None
)
"""What a unit, a script and a resolver take for an address without quoting."""


class HostFacts(Declared, type="hosts"):
    """What is known of every host of a set."""

    address: str = prop(
        "Where other hosts reach it; without it its name.", default="", check=ADDRESS
    )
    disk: Size | None = prop(
        "The disk under the agents' state.", default=None, check=at_least(Size("1B"))
    )
    memory: Size | None = prop("Its memory.", default=None, check=at_least(Size("1B")))
    nic: Rate | None = prop(
        "What its network takes, in each direction.", default=None, check=bytes_a_second()
    )
    disk_rate: Rate | None = prop(
        "What that disk writes and reads, together, when much is to be done.",
        default=None,
        check=bytes_a_second(),
    )
    site: str = prop(
        "Where it stands; links can keep within a site.", default="", check=not_empty()
    )
    user: str = prop(
        "The user that its agents run as.",
        default="",
        check=Check("the name of a user", lambda text: _USER.fullmatch(text) is not None),
    )
    group: str = prop(
        "A group whose files its agents may read too.",
        default="",
        check=Check("the name of a group", lambda text: _USER.fullmatch(text) is not None),
    )
    python: str = prop(
        "The version of its Python, for which `flumec wheels` takes libraries; 3.11 if not said.",
        default="",
        check=Check("a version such as 3.11", lambda text: _PYTHON.fullmatch(text) is not None),
    )
    arch: Literal["x86_64", "aarch64"] | None = prop(
        "Its processor, likewise; x86_64 if not said.", default=None
    )
    weight: int = prop("Its share of a balanced link.", default=1, check=at_least(1))


class HostLacksVariable(Diagnostic, code="FL507"):
    """A host has no value for a variable that its set declares, and there is no default.

    ## Example

    ```flow main.flow
    hosts web = inventory("hosts.ini", group = "web") {
      vars {
        log_dir : path
      }
    }
    ```

    ```ini hosts.ini
    [web]
    web-1 log_dir=/var/log/nginx
    web-2
    ```

    ## Instead

    ```flow main.flow
    hosts web = inventory("hosts.ini", group = "web") {
      vars {
        log_dir : path = "/var/log"
      }
    }
    ```

    ```ini hosts.ini
    [web]
    web-1 log_dir=/var/log/nginx
    web-2
    ```
    """

    name: str
    hosts: tuple[str, ...]
    first: Span

    @property
    def message(self) -> str:
        """Name the variable and the hosts."""
        shown = ", ".join(f"`{host}`" for host in self.hosts[:3])
        more = f" and {len(self.hosts) - 3} more" if len(self.hosts) > 3 else ""
        return f"`{self.name}` has no value on {shown}{more}"

    @property
    def hint(self) -> str:
        """Say where it can come from."""
        return f"set `{self.name}` in the inventory, or give it a default here"

    @property
    def places(self) -> tuple[Place, ...]:
        """The first host's place."""
        return (Place(self.first, f"`{self.hosts[0]}`"),)


class BadHostVariable(Diagnostic, code="FL508"):
    """An inventory has a value for a variable that is only known to Ansible.

    ## Example

    ```flow main.flow
    hosts web = inventory("hosts.ini") {
      vars {
        log_dir : path
      }
    }
    ```

    ```ini hosts.ini
    [web]
    web-1 log_dir="{{ base }}/log"
    ```

    ## Instead

    ```flow main.flow
    hosts web = inventory("hosts.ini") {
      vars {
        log_dir : path
      }
    }
    ```

    ```ini hosts.ini
    [web]
    web-1 log_dir=/var/log
    ```
    """

    name: str
    text: str

    @property
    def message(self) -> str:
        """Say why it cannot be used."""
        return f"`{self.name}` is a template that only Ansible can fill in: `{self.text}`"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "write the value itself: an inventory is read, and Ansible is not run"


class Variable(NamedTuple):
    """A typed variable: `log_dir : path = "/var/log"`."""

    name: tree.Name
    kind: Kind
    default: tree.Expr | None


_ANSIBLE_HOST = "ansible_host"

_FORM = Form("a host set", fields_of(HostFacts.props.values()), HostFacts, noun="fact")


def read_variables(block: tree.Block | None, env: Env) -> dict[str, Variable]:
    """Return the variables that a hosts block declares in its `vars { … }`."""
    variables: dict[str, Variable] = {}
    for section in block.statements if block else ():
        if not isinstance(section, tree.Section) or section.name.text != "vars":
            continue
        for statement in section.block.statements:
            if not isinstance(statement, tree.Formal):
                what = what_stands(statement)
                env.findings.report(Misplaced(statement.span, what=what, owner="`vars`"))
            elif (first := variables.get(statement.name.text)) is not None:
                span, name = statement.name.span, statement.name.text
                env.findings.report(DuplicateProperty(span, name=name, first=first.name.span))
            else:
                kind = kind_named(statement.type, env.findings)
                variables[statement.name.text] = Variable(statement.name, kind, statement.default)
    return variables


def read_facts(block: tree.Block | None, env: Env) -> dict[str, Value]:
    """Return the facts that a hosts block sets; `env.hosts` are the hosts without them."""
    if block is None:
        return {}
    kept = tuple(
        statement
        for statement in block.statements
        if not (isinstance(statement, tree.Section) and statement.name.text == "vars")
    )
    filling = Filling(_FORM)
    filling.read(tree.Block(kept, block.span), env)
    return filling.finish(block.span, env)


def fill_variables(
    variables: Mapping[str, Variable],
    hosts: Mapping[str, tuple[Span, Mapping[str, Text]]],
    env: Env,
) -> dict[str, dict[str, Any]]:
    """Return each host's typed variables; `hosts` has its place and what the inventory says."""
    filled: dict[str, dict[str, Any]] = {host: {} for host in hosts}
    for name, variable in variables.items():
        default = BROKEN
        if variable.default is not None:
            default = variable.kind.read(variable.default, env, Slot(name))
        lacking = []
        for host, (_, texts) in hosts.items():
            if (text := texts.get(name)) is not None:
                value = _typed(name, text, variable.kind, env)
            elif variable.default is None:
                lacking.append(host)
                continue
            else:
                value = default
            if value is not BROKEN:
                filled[host][name] = value
        if lacking and variable.kind is not NO_KIND:
            first = hosts[lacking[0]][0]
            env.findings.report(
                HostLacksVariable(variable.name.span, name=name, hosts=tuple(lacking), first=first)
            )
    return filled


def read_addresses(
    texts: Mapping[str, Mapping[str, Text]], env: Env
) -> dict[str, tuple[str, Span]]:
    """Return the addresses that an inventory gives its hosts, `ansible_host`, and their places."""
    kind, slot = kind_of(str), Slot(_ANSIBLE_HOST, ADDRESS)
    said = {host: its[_ANSIBLE_HOST] for host, its in texts.items() if _ANSIBLE_HOST in its}
    read = {host: _typed(_ANSIBLE_HOST, text, kind, env, slot) for host, text in said.items()}
    return {h: (address, said[h].span) for h, address in read.items() if address is not BROKEN}


def _typed(name: str, text: Text, kind: Kind, env: Env, slot: Slot | None = None) -> Any:
    if "{{" in text.text:
        env.findings.report(BadHostVariable(text.span, name=name, text=text.text))
        return BROKEN
    start = text.span.end - len(text.text)
    expr = literal(text.text, kind, text.span.source, max(start, text.span.start))
    return kind.read(expr, Env(env.findings, Scope()), slot or Slot(name))
