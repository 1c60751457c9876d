"""The compiled plan as files: scripts, units, manifest."""
