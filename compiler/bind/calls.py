"""Calls: positional and named arguments against what declares them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from flumec.compiler import tree
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.scope import Binding, Env
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.model import Value
from flumec.compiler.source import Span
from flumec.compiler.values import varies
from flumec.runtime.frozen import frozen

if TYPE_CHECKING:
    from flumec.compiler.bind.properties import Filling, Form


class TooManyArguments(Diagnostic, code="FL114"):
    """A call has more arguments without a name than what it calls takes so.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory {
        size = 1MiB
      }

      sink nothing : null

      numbers -> regex_filter("1", "2") -> buffer
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory {
        size = 1MiB
      }

      sink nothing : null

      numbers -> regex_filter("[12]") -> buffer
      buffer -> nothing
    }
    ```
    """

    owner: str
    positional: tuple[str, ...]
    named: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say how many it takes."""
        count = len(self.positional)
        takes = (
            "no argument" if not count else "one argument" if count == 1 else f"{count} arguments"
        )
        return f"{self.owner} takes {takes} without a name"

    @property
    def hint(self) -> str | None:
        """List the names."""
        names = ", ".join(f"`{name} = …`" for name in self.named)
        return f"by name it takes {names}" if names else None


class RepeatedArgument(Diagnostic, code="FL116"):
    """A call gives an argument twice.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory {
        size = 1MiB
      }

      sink nothing : null

      numbers -> regex_filter("1", pattern = "2") -> buffer
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory {
        size = 1MiB
      }

      sink nothing : null

      numbers -> regex_filter("1") -> buffer
      buffer -> nothing
    }
    ```
    """

    name: str
    first: Span

    @property
    def message(self) -> str:
        """Name it."""
        return f"the argument `{self.name}` is given twice"

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it was given first."""
        return (Place(self.first, "first given here"),)


def read_call(
    args: Sequence[tree.Arg], form: "Form", span: Span, env: Env
) -> tuple[dict[str, Value], bool]:
    """Return a call's arguments by name, and whether they are whole; mistakes are reported."""
    from flumec.compiler.bind.properties import Filling

    filling = Filling(form, place="parentheses")
    positional = [name for name, found in form.fields.items() if found.property.positional]
    for number, arg in enumerate(args):
        if arg.name is not None:
            _give(filling, arg.name.text, arg.name.span, arg, env)
        elif number < len(positional):
            _give(filling, positional[number], arg.span, arg, env)
        else:
            filling.whole = False
            named = tuple(name for name in form.fields if name not in filling.given)
            env.findings.report(
                TooManyArguments(
                    arg.span, owner=form.owner, positional=tuple(positional), named=named
                )
            )
    values = filling.finish(span, env)
    return values, filling.whole


def _give(filling: "Filling", name: str, key: Span, arg: tree.Arg, env: Env) -> None:
    found = filling.field(name, key, env)
    if found is None:
        return
    if name in filling.given:
        filling.whole = False
        env.findings.report(RepeatedArgument(key, name=name, first=filling.given[name]))
        return
    filling.give(found, key, arg.value, env)


@frozen
class CallKind(Kind):
    """A value that is written as a call, `after(24h)`; `python` declares its arguments."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Call,)

    def make(self, expr: tree.Call, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return an instance of the class."""
        from flumec.compiler.bind.properties import form_of

        if expr.function.text not in self.functions:
            return self.refuse_call(expr, env, slot)
        values, whole = read_call(expr.args, form_of(self.python), expr.function.span, env)
        if not whole:
            return BROKEN
        final = {name: held.value for name, held in values.items()}
        if any(varies(value) for value in final.values()):
            return self.refuse(expr, env, slot)
        return self.python(**final)
