"""All kinds of mistake, theme by theme; importing a theme declares its kinds."""

from mutated import delivery, headers, names, places, sizes, wiring
from mutated.mutant import MistakeKind

THEMES = (wiring, delivery, sizes, headers, places, names)
KINDS = tuple(
    kind for theme in THEMES for kind in MistakeKind.KINDS if kind.make.__module__ == theme.__name__
)

_DELIVERY = "no rule looks at a check's `delivery`, `order` and `key` yet"
_LOST = "no rule looks at what is lost with a host yet"

NOT_YET: dict[str, str] = {
    **{kind.function: _DELIVERY for kind in KINDS if kind.make.__module__ == delivery.__name__},
    "in_a_key": "no rule holds a check's `key` against that of its sink yet",
    "not_set": "no rule says that a `hash` goes by a header which has one value",
    "known_by_the_tag": "no rule says that copies which clients send have tags of their own",
    "id_by_the_clock": "that events share a key is not said yet, where no client sends copies",
    "small_disk": "no rule adds up what a disk holds yet",
    "small_memory": "no rule adds up what is in memory yet",
    "more_killed": _LOST,
    "lost_for_good": _LOST,
    "short_window": "no rule holds a window against an outage yet",
    "gives_up_sooner": "no rule holds `give_up` against an outage yet",
}
"""Kinds that no rule reports at all their sites, by their functions' names, and the reason."""
