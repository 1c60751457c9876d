"""Agents of another team's flow on the same host, which a bundle that lacks them would stop."""

import shlex
from typing import Any

from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.saying import Level, Report
from flumec.compiler.installer.systemd import is_active
from flumec.compiler.installer.versions import installed


def check_teams(host: Host, bundle: Bundle, level: Level, report: Report) -> None:
    """Report the agents that run here and come from a flow that the bundle was not built from.

    An agent that the bundle's own flow has no more is gone because somebody took it out.
    """
    before = installed(host)
    if before is None:
        return
    strangers = [each for each in of_other_flows(before, bundle) if is_active(each["service"])]
    for agent in strangers:
        report.found(
            level,
            f"`{agent['name']}` of {agent['flow']} runs here, and this bundle is built from "
            f"{', '.join(bundle.flows)} alone: it would be stopped",
        )
    if strangers:
        missing = dict.fromkeys(agent["flow"] for agent in strangers)
        command = shlex.join(["flumec", "build", *missing, *bundle.flows, "-o", "DIST"])
        report.found(
            "note",
            f"a host has one bundle: build the flows of all that share it together, `{command}`; "
            "or say --replace to stop what is not in this one",
        )


def of_other_flows(before: Bundle, bundle: Bundle) -> list[dict[str, Any]]:
    """Return the agents of the bundle before that are of flows which are no part of this one."""
    kept = set(bundle.services)
    return [
        agent
        for agent in before.agents
        if agent["service"] not in kept
        and bundle.flows
        and agent.get("flow", bundle.flows[0]) not in bundle.flows
    ]
