"""What the compiler claims of a shape."""

from dataclasses import dataclass

import flumec.compiler.passes  # noqa: F401 the claims' own imports begin there
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.plan import Plan
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.claims import claims
from prove.judging import Claims
from prove.shape import Shape


class Unsound(Exception):  # noqa: N818 it is what the compiler says of it
    """The compiler refuses a fleet."""


@dataclass(frozen=True)
class Claimed:
    """A compiled fleet, and what is claimed of it."""

    plan: Plan
    claims: Claims

    @property
    def all(self) -> list[Claim]:
        """The claims, one for each source and each sink that its events come to."""
        return list(self.claims.values())


def claimed(shape: Shape) -> Claimed:
    """Compile a fleet; raise Unsound."""
    found = compile_text(shape.text)
    if found.plan is None:
        raise Unsound("; ".join(str(each.message) for each in found.diagnostics))
    made = claims(Graph(found.fleet))
    return Claimed(found.plan, {(each.source, each.sink): each for each in made})
