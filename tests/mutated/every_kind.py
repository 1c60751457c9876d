"""All kinds of mistake, theme by theme; importing a theme declares its kinds."""

from mutated import delivery, headers, names, places, sizes, wiring
from mutated.mutant import MistakeKind

THEMES = (wiring, delivery, sizes, headers, places, names)
KINDS = tuple(
    kind for theme in THEMES for kind in MistakeKind.KINDS if kind.make.__module__ == theme.__name__
)

NOT_YET: dict[str, str] = {
    "short_window": "no rule holds a window against an outage yet",
    "gives_up_sooner": "no rule holds `give_up` against an outage yet",
    "one_value": "no rule says that a `hash` goes by a header which has one value",
    "id_by_the_clock": "that events share a key is not said yet, where no client sends copies",
}
"""Kinds that no rule reports at all their sites, by their functions' names, and the reason."""
