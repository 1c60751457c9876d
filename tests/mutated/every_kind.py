"""All kinds of mistake, theme by theme; importing a theme declares its kinds."""

from mutated import bounds, delivery, headers, keys, names, places, shared, sizes, wiring
from mutated.mutant import MistakeKind

THEMES = (wiring, delivery, sizes, bounds, headers, keys, places, shared, names)
KINDS = tuple(
    kind for theme in THEMES for kind in MistakeKind.KINDS if kind.make.__module__ == theme.__name__
)

NOT_YET: dict[str, str] = {}
"""Kinds that no rule reports at all their sites, by their functions' names, and the reason."""
