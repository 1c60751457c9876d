"""Following growing files: their identity, their lines, their rotation."""
