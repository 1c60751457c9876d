"""What a world refuses."""


class Unable(Exception):  # noqa: N818 it is no mistake of the program's
    """What is asked for cannot be simulated, or is no part of the fleet; the text says what."""
