"""The names of a script: what it imports, and which variable stands for which component."""

import keyword
from collections.abc import Iterable

RESERVED = frozenset((*keyword.kwlist, "agent", "__name__", "__debug__", "__file__"))
"""Names that a component's variable cannot have."""


class Imports:
    """The imports of one script, collected while its expressions are made."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def name(self, module: str, name: str) -> str:
        """Import `name` from `module` and return it."""
        self._names.setdefault(module, set()).add(name)
        return name

    @property
    def names(self) -> frozenset[str]:
        """Every name that is imported."""
        return frozenset(name for names in self._names.values() for name in names)

    def blocks(self) -> list[list[tuple[str, list[str]]]]:
        """Return (module, names) in blocks, the standard library first, as a linter sorts them."""
        ours = [module for module in self._names if module.startswith("flumec.")]
        theirs = [module for module in self._names if not module.startswith("flumec.")]
        return [
            [(module, sorted(self._names[module])) for module in sorted(block)]
            for block in (theirs, ours)
            if block
        ]


def variables(components: Iterable[str], imported: frozenset[str]) -> dict[str, str]:
    """Return a variable for each component: its name, or with `_` where that name is taken.

    >>> variables(["class", "class_", "spool"], frozenset({"File"}))
    {'class': 'class__', 'class_': 'class_', 'spool': 'spool'}
    """
    names = list(components)
    refused = RESERVED | imported
    taken = refused | {name for name in names if name not in refused}
    chosen: dict[str, str] = {}
    for name in names:
        variable = name
        while name in refused and variable in taken:
            variable += "_"
        chosen[name] = variable
        taken |= {variable}
    return chosen
