"""Why a fleet cannot be run on this machine."""


class RunError(Exception):
    """The fleet cannot be started; the message says why, where, and what to do."""
