"""How a member of a group hears that it is to give back what it has."""


class Recalled(Exception):  # noqa: N818 it reads as what happened
    """A member fails, and another works: what the member has goes back to its group."""
