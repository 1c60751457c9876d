"""Values that do not fit: of the wrong type, out of range, not in the enumeration, a secret."""

from flumec.compiler import tree
from flumec.compiler.diagnostic import Diagnostic, Place, closest, put_right
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.source import Span
from flumec.runtime.quantity import Duration, Percent, QuantityError, Rate, Size

QUANTITIES = (Size, Duration, Rate, Percent)


class WrongType(Diagnostic, code="FL204"):
    """A value is of another type than its place takes.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      disk = 5m
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"] {
      disk = 5TB
    }
    ```
    """

    slot: str
    expected: str
    found: str
    declared: Span | None = None
    help: str | None = None

    @property
    def message(self) -> str:
        """Say what was expected and what was found."""
        return f"`{self.slot}` must be {self.expected}, but {self.found}"

    @property
    def hint(self) -> str | None:
        """Say how to write it, where that is known."""
        return self.help

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the name was declared with its type."""
        return (Place(self.declared, "declared here"),) if self.declared else ()


class OutOfRange(Diagnostic, code="FL206"):
    """A value is of the right type, but not one that works.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      weight = 0
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"] {
      weight = 1
    }
    ```
    """

    slot: str
    sentence: str
    value: str
    host: str

    @property
    def message(self) -> str:
        """Say what it must be."""
        on = f" on `{self.host}`" if self.host else ""
        return f"`{self.slot}` must be {self.sentence}, not `{self.value}`{on}"


class UnknownValue(Diagnostic, code="FL207"):
    """A word is none of the values that its property has.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      arch = x86
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"] {
      arch = x86_64
    }
    ```
    """

    slot: str
    word: str
    expected: str
    known: tuple[str, ...]
    host: str = ""

    @property
    def message(self) -> str:
        """List the values."""
        on = f" on `{self.host}`" if self.host else ""
        return f"`{self.slot}` must be {self.expected}, not `{self.word}`{on}"

    @property
    def hint(self) -> str | None:
        """Offer the nearest value."""
        return closest(self.word, self.known)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.word, self.known)


class QuotedWord(Diagnostic, code="FL208"):
    """An enumeration's value stands in quotes.

    Quotes are for texts; the values of an enumeration are words.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      arch = "x86_64"
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"] {
      arch = x86_64
    }
    ```
    """

    slot: str
    word: str

    @property
    def message(self) -> str:
        """Say that it is a word."""
        return f"`{self.slot}` takes a word, not a text"

    @property
    def hint(self) -> str:
        """Write it without quotes."""
        return f"write it without quotes: `{self.slot} = {self.word}`"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return replaced(self.span, self.word, "take the quotes away", safe=True)


class SecretRendered(Diagnostic, code="FL212"):
    """A secret stands where its value would be written into the bundle.

    A secret is never rendered: not into a script, a path, a text or a message. The bundle only
    names it, and systemd gives its value to the agent on the host. So it can stand only where a
    property takes a secret.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      user = secret("login")
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"] {
      user = "flumec"
    }
    ```
    """

    slot: str

    @property
    def message(self) -> str:
        """Say that it would be rendered."""
        where = "a text" if self.slot == "${}" else f"`{self.slot}`"
        return f"{where} is rendered into the bundle, so a secret cannot stand there"

    @property
    def hint(self) -> str:
        """Say where it may stand."""
        return "a secret can be the value only of a property that takes one"


class EnvOutsideDefault(Diagnostic, code="FL134"):
    """`env()` stands elsewhere than in a param's default.

    What a build depends on stands in one place, the params, so that `--set` can always say
    otherwise.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      user = env("FLUMEC_USER")
    }
    ```

    ## Instead

    ```flow
    param login : string = "flumec"

    hosts web = ["web-1.example.com"] {
      user = login
    }
    ```
    """

    @property
    def message(self) -> str:
        """Say where it may stand."""
        return "`env()` can stand only as the default of a param"

    @property
    def hint(self) -> str:
        """Show how."""
        return 'declare `param name : type = env("NAME")` and use `name`'


def kind_of_node(expr: tree.Expr) -> str:
    """Return what an expression is, to end the sentence "must be …, but …"."""
    match expr:
        case tree.String():
            return "this is a text"
        case tree.Number():
            return f"`{expr.text}` is a number"
        case tree.Quantity():
            return kind_of_quantity(expr.text)
        case tree.Bool():
            return f"`{str(expr.value).lower()}` is a bool"
        case tree.List():
            return "this is a list"
        case tree.Call():
            return f"`{expr.function.text}(…)` is a call"
        case tree.Ref():
            if expr.names[0].text != "header":
                return "this is a name"
            key = f'["{expr.key.raw}"]' if expr.key else ""
            fits = len(expr.names) + (expr.key is not None) == 2
            return f"`{expr.text}{key}` {'is a header' if fits else 'names none'}"


def kind_of_quantity(text: str) -> str:
    """Return `5m is a duration`, or what else a quantity may be."""
    for quantity in QUANTITIES:
        try:
            quantity(text)
        except QuantityError:
            continue
        return f"`{text}` is a {quantity.kind}"
    return f"`{text}` has an unknown unit"
