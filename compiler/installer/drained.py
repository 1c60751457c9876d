"""Agents that are being drained: they are to go, and an installation leaves them as they are."""

import os
from typing import Any

from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.saying import Report

DRAINING = "draining"
"""The file in the state of an agent that is being drained, as flumec.runtime.draining has it."""


def drained(host: Host, bundle: Bundle) -> list[dict[str, Any]]:
    """Return the agents that take no events any more, running or ended."""
    return [
        agent for agent in bundle.agents if os.path.lexists(f"{host.at(agent['state'])}/{DRAINING}")
    ]


def units_of_drained(host: Host, bundle: Bundle) -> set[str]:
    """Return the units that are neither started nor enabled."""
    return {unit for a in drained(host, bundle) for unit in (a["service"], *a["sockets"])}


def tell_of_drained(host: Host, bundle: Bundle, report: Report) -> None:
    """Say which agents are left as they are, and how they come back."""
    for agent in drained(host, bundle):
        report.found(
            "note",
            f"{agent['service']} is being drained, and is left as it is",
            f"to have it back, `systemctl start {agent['service']}` if it is ended, "
            f"`flumec drain {agent['name']} --cancel`, and --apply again",
        )
