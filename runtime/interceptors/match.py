"""Patterns over the bodies of a whole batch: a filter, and groups that become headers."""
