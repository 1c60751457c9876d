"""What may happen to a fleet, and what it does to events: the words that proofs are made of."""

from enum import Flag, StrEnum, auto


class Failure(StrEnum):
    """What may happen to a fleet, the likeliest first: among equal harms that one is worse."""

    ALWAYS = "always"
    """No failure at all: a channel is full, copies meet, events wait longer than a window."""
    CLIENT_RETRIED = "client retried"
    """A client that heard no 200, for whatever reason, sends the same request again."""
    REPLY_LOST = "reply lost"
    """What was asked for was done, and the answer did not arrive: of a peer, or of a store."""
    CONNECTION_CUT = "connection cut"
    """A connection between two agents, or to a store, ends or is silent, for a while or for long.

    The other end may have what was sent.
    """
    BUNDLE_CHANGED = "bundle changed"
    """A bundle of the same wiring is installed: agents are stopped in order and started again."""
    ROTATION = "rotation"
    """A log is rotated in the way that its source declares, also while the agent is down."""
    SERVER_RESTARTED = "server restarted"
    """What a sink writes to goes away, for a while or for long, and comes back with what it had."""
    KILLED = "killed"
    """An agent's process ends at any step (SIGKILL, no memory) and is started again by its unit."""
    POWER_CUT = "power cut"
    """A host stops at any step and boots again; of its disk only what was synced is sure."""
    DISK_LOST = "disk lost"
    """The state of an agent is gone for good; its host stands, with an empty one."""
    HOST_LOST = "host lost"
    """A host is gone for good, with its disks: its agents' state, and the logs they read."""


class Harm(Flag):
    """What a failure does to an event. Without any it is delayed at most."""

    NONE = 0
    REPEATS = auto()
    LOSES = auto()
