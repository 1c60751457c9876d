"""What an agent's block sets besides its parts, and the class that says so."""

from flumec.runtime.component import Declared, Percent, Port, Section, Size, at_least, prop

FILES = 16384
"""Files that may be open at once where nothing is said; systemd's own are 1,024."""


class Limits(Section):
    """`limits { … }`: what systemd lets an agent use."""

    memory: Size | None = prop("Its memory.", default=None, check=at_least(Size("64MiB")))
    cpu: Percent | None = prop(
        "Its share of one processor; more than 100% is more than one.",
        default=None,
        check=at_least(Percent("1%")),
    )
    files: int | None = prop("Most files open at once.", default=None, check=at_least(64))


class AgentSettings(Declared, type="agent"):
    """What an agent's block sets besides its parts."""

    metrics_port: Port | None = prop("The loopback port that shows its metrics.", default=None)
    limits: Limits | None = prop("What it may use of the host.", default=None)
