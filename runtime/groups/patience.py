"""How long a group waits for a member that fails, before the others get what it has.

Apart from what works with it, as the compiler asks for it and needs no pyarrow.
"""

PATIENCE = 3.0
"""Seconds that a member may fail before others get what it has: a hiccup is no reason."""

LINK_PATIENCE = 0.5
"""The same of a link: who is gone says so, or answers no attempt to connect."""
