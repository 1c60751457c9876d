"""Following a name to the expression that it stands for."""

from dataclasses import replace
from typing import Final, Literal, NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.scope import Binding, Env, Trail
from flumec.compiler.diagnostic import Diagnostic, Place, closest, put_right
from flumec.compiler.fix import Fix

BROKEN: Final = object()
"""The value of an expression with a mistake that was reported: whoever meets it stays silent."""

RESERVED = ("host", "header")


class UnknownName(Diagnostic, code="FL101"):
    """A value is a name that stands for nothing here.

    A name in a value is a param, a let, or, in a template, one of its parameters.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      disk = room
    }
    ```

    ## Instead

    ```flow
    let room = 200GiB

    hosts web = ["web-1.example.com"] {
      disk = room
    }
    ```
    """

    name: str
    known: tuple[str, ...]
    help: str | None = None

    @property
    def message(self) -> str:
        """Name it."""
        return f"`{self.name}` is not defined"

    @property
    def hint(self) -> str | None:
        """Offer the nearest name, or what else may have been meant."""
        return closest(self.name, self.known) or self.help or "declare it: `param`, or `let`"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class NotSet(Diagnostic, code="FL102"):
    """A text has a `${…}` whose name stands for nothing here.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      site = "rack ${rack}"
    }
    ```

    ## Instead

    ```flow
    let rack = 2

    hosts web = ["web-1.example.com"] {
      site = "rack ${rack}"
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"`${{{self.name}}}` is not set"

    @property
    def hint(self) -> str | None:
        """Offer the nearest name."""
        return closest(self.name, self.known) or "declare it: `param`, or `let`"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class DefinedByItself(Diagnostic, code="FL135"):
    """A let leads back to itself.

    ## Example

    ```flow
    let near = far
    let far = near

    hosts web = ["web-1.example.com"] {
      site = near
    }
    ```

    ## Instead

    ```flow
    let near = far
    let far = "berlin"

    hosts web = ["web-1.example.com"] {
      site = near
    }
    ```
    """

    chain: tuple[Binding, ...]

    @property
    def message(self) -> str:
        """Show the way round."""
        names = " -> ".join(f"`{binding.name}`" for binding in (*self.chain, self.chain[0]))
        return f"`{self.chain[0].name}` is defined by itself: {names}"

    @property
    def places(self) -> tuple[Place, ...]:
        """Each name on the way."""
        return tuple(Place(binding.span, f"`{binding.name}`") for binding in self.chain[1:])


DEEPEST, MOST = 64, 10_000
"""How many values may stand in one another, and how many names one value may be made of."""


class TooManyNames(Diagnostic, code="FL136"):
    """A value is made of names within names: more than 64 deep, or more than 10,000 in all.

    A few lines in which each let has the one before it twice would make a text that fills the
    memory. Host sets of host sets, and imports of imports, have the same bound.

    ## Example

    ```flow
    let a = "0123456789"
    let b = "${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}"
    let c = "${b}${b}${b}${b}${b}${b}${b}${b}${b}${b}"
    let d = "${c}${c}${c}${c}${c}${c}${c}${c}${c}${c}"
    let e = "${d}${d}${d}${d}${d}${d}${d}${d}${d}${d}"

    hosts web = ["web-1.example.com"] {
      site = e
    }
    ```

    ## Instead

    ```flow
    let a = "0123456789"

    hosts web = ["web-1.example.com"] {
      site = "${a}${a}"
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Name the value that is too much."""
        return f"`{self.name}` is made of too many names"

    @property
    def hint(self) -> str:
        """Give the bounds."""
        return f"at most {DEEPEST} are within one another, and at most {MOST:,} in one value"


class Ground(NamedTuple):
    """An expression that is no name for another, the place of its names, and the name that led to
    it.
    """

    expr: tree.Expr
    env: Env
    via: Binding | None


def follow(ref: tree.Ref, env: Env) -> Ground | Literal["unknown", "broken"]:
    """Follow a name to its value, reporting only a let that leads back to itself.

    What stands for itself is returned as it is: `host.…`, `header.…`, and a word that a let has for
    a value (an enumeration's, say).
    """
    passed: list[Binding] = []
    expr: tree.Expr = ref
    try:
        while type(expr) is tree.Ref:
            if expr.names[0].text in RESERVED or expr.key is not None:
                break
            binding = env.scope.find(expr.names)
            if binding == "broken":
                return "broken"
            if binding is None:
                if passed:
                    break
                return "unknown"
            binding.used = True
            if loop := _loop(binding, passed, env):
                report_loop(loop, env)
                return "broken"
            if binding.expr is None:
                return "broken"
            binding.open = True
            passed.append(binding)
            expr, env = binding.expr, env.within(binding.scope)
    finally:
        for binding in passed:
            binding.open = False
    return _grounded(expr, env, passed) if passed else Ground(expr, env, None)


def _grounded(expr: tree.Expr, env: Env, passed: list[Binding]) -> Ground | Literal["broken"]:
    """Return what names led to, with them on its trail."""
    trail = env.trail
    for binding in passed:
        trail = Trail.behind(binding, trail)
    assert trail is not None
    if trail.depth > DEEPEST or trail.count[0] > MOST:
        report_size(trail, env)
        return "broken"
    return Ground(expr, replace(env, trail=trail), passed[0])


def _loop(binding: Binding, passed: list[Binding], env: Env) -> tuple[Binding, ...]:
    """Return the circle that `binding` closes, among the names just passed or those around."""
    if binding.open:
        return tuple(passed[passed.index(binding) :]) if binding in passed else (binding,)
    around = env.trail.since(binding) if env.trail else ()
    return (*around, *passed) if around else ()


def report_size(trail: Trail, env: Env) -> None:
    """Report a value that is too much at its outermost name, and silence all that led there."""
    around = list(trail.names())
    if all(binding.expr is not None for binding in around):
        env.findings.report(TooManyNames(around[-1].span, name=around[-1].name))
    for binding in around:
        binding.expr = None


def report_loop(loop: tuple[Binding, ...], env: Env) -> None:
    """Report a circle of names once, at the first of them in the file, and silence their other
    uses.
    """
    first = min(range(len(loop)), key=lambda i: (loop[i].span.source.path, loop[i].span.start))
    chain = loop[first:] + loop[:first]
    env.findings.report(DefinedByItself(chain[0].span, chain=chain))
    for binding in loop:
        binding.expr = None


def unknown_name(ref: tree.Ref, env: Env, help_: str | None = None) -> UnknownName:
    """Say that a value's name is unknown; what was probably meant then counts as used."""
    known = tuple(env.scope.names())
    count_as_used(ref.text, known, env)
    return UnknownName(ref.span, name=ref.text, known=known, help=help_)


def not_set(ref: tree.Ref, env: Env) -> NotSet:
    """Say that a name in a text is unknown."""
    known = tuple(env.scope.names())
    count_as_used(ref.text, known, env)
    return NotSet(ref.span, name=ref.text, known=known)


def count_as_used(word: str, known: tuple[str, ...], env: Env) -> None:
    """Keep a mistyped use of a name from being followed by the remark that the name is unused."""
    if (hint := closest(word, known)) is not None:
        names = tuple(tree.Name(part, None) for part in hint.split("`")[1].split("."))  # type: ignore[arg-type]
        binding = env.scope.find(names)
        if isinstance(binding, Binding):
            binding.used = True
