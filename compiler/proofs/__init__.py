"""What the compiler proves of a fleet from its file alone."""
