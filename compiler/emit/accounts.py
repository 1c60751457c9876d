"""The users and directories that a host's agents need, for systemd to make."""

from flumec.compiler.emit.unit_text import setting, word
from flumec.compiler.paths import CREDENTIALS, STATES
from flumec.compiler.place import USER
from flumec.compiler.plan import Host


def sysusers(host: Host) -> str:
    """Return what systemd-sysusers reads, sysusers.d(5): our own user, where it is used."""
    ours = [agent for agent in host.agents if agent.user == USER]
    lines = [
        "# Users that flumec's agents run as; a user that the .flow file names is not made here."
    ]
    if ours:
        lines.append(f'u {USER} - "flumec agents" {STATES}')
    return "\n".join(lines) + "\n"


def tmpfiles(host: Host) -> str:
    """Return what systemd-tmpfiles reads, tmpfiles.d(5): the directories that sinks write.

    The colons keep one that is there as it is.
    """
    lines = [
        "# Directories that flumec's agents need. One that is there keeps its mode and its owner."
    ]
    if any(agent.credentials for agent in host.agents):
        lines.append(f"d {CREDENTIALS} :0700 :root :root -")
    made = {word(path): setting(agent.user) for agent in host.agents for path in agent.writes}
    lines.extend(f"d {path} :0755 :{user} :{user} -" for path, user in made.items())
    return "\n".join(lines) + "\n"
