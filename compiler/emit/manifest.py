"""manifest.json: what made a bundle, and the digest of each of its files. No time, no user."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from flumec.compiler.emit.described import Descriptions
from flumec.compiler.plan import Host, Plan

FORMAT = 1


@cache
def version() -> str:
    """Return flumec's version."""
    from importlib.metadata import version

    return version("flumec")


def of_bundle(plan: Plan, digests: Mapping[str, str]) -> bytes:
    """Return the manifest of the whole bundle, whose files have these digests."""
    return _manifest(plan, plan.hosts, digests, {"inputs": dict(plan.inputs)})


def of_host(plan: Plan, host: Host, digests: Mapping[str, str]) -> bytes:
    """Return the manifest of one host's folder; the inputs stand once, in the bundle's."""
    return _manifest(plan, [host], digests, {})


def _manifest(
    plan: Plan, hosts: Sequence[Host], digests: Mapping[str, str], more: Mapping[str, Any]
) -> bytes:
    data: dict[str, Any] = {
        "flumec bundle": FORMAT,
        "version": version(),
        "digest": plan.digest,
        **of_agents(hosts),
        "files": digests,
        **more,
    }
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()


def of_agents(hosts: Sequence[Host]) -> dict[str, Any]:
    """Return what runs where, and once for all that are alike, what it does."""
    agents = Descriptions()
    listed = {
        host.name: {
            "address": host.address,
            "agents": {agent.name: agents.add(agent) for agent in host.agents},
        }
        for host in hosts
    }
    return {"hosts": listed, "agents": agents.known}


def digest(content: bytes) -> str:
    """Return the sha256 of a file's content."""
    return hashlib.sha256(content).hexdigest()
