"""How long an agent that stops gives its parts; the compiler holds what a file says against it."""

DRAIN = 20.0
"""Seconds that an orderly end may take; the unit's TimeoutStopSec must be longer."""

FINISH = DRAIN / 4
"""Seconds of it in which sinks and links finish what they have in hand, once all is read."""
