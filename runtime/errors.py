"""The error that a user meets when something on the host keeps an agent from working."""


class StartError(Exception):
    """An agent or one of its components cannot work on this host, as far as it can tell.

    The message is for the person who runs the host: what is wrong, where, what was expected and
    what to do. It is shown as it stands, in one log line and without a traceback; the process
    exits 1.
    """
