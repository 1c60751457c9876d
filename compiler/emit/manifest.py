"""manifest.json: what made a bundle, and the digest of each of its files. No time, no user."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeAlias

from flumec.compiler.emit.described import Descriptions
from flumec.compiler.plan import Host, Plan
from flumec.runtime import journal_format

FORMAT = 2

Does: TypeAlias = dict[str, dict[str, Any]]
"""What runs where, by host, and what it does, by the digest of its description."""


@cache
def version() -> str:
    """Return flumec's version."""
    from importlib.metadata import version

    return version("flumec")


def of_bundle(
    plan: Plan,
    does: Sequence[Does],
    digests: Mapping[str, str],
    runtimes: Sequence[Mapping[str, Any]],
) -> bytes:
    """Return the manifest of the whole bundle: what its hosts do, and its files' digests."""
    named = {runtime["name"]: runtime for runtime in runtimes}
    more = {"inputs": dict(plan.inputs), "runtimes": named, "flows": flows(plan)}
    every: Does = {"hosts": {}, "agents": {}}
    for each in does:
        for part, known in every.items():
            known.update(each[part])
    return _manifest(plan, every, digests, more)


def flows(plan: Plan) -> dict[str, str]:
    """Return which .flow file declares each agent."""
    return {agent.name: agent.file for host in plan.hosts for agent in host.agents}


def of_host(
    plan: Plan, does: Does, files: Mapping[str, bytes], install: Mapping[str, Any]
) -> bytes:
    """Return the manifest of one host's folder; the inputs stand once, in the bundle's."""
    digests = {name: digest(content) for name, content in files.items()}
    more = {"executable": executable(files), "install": install}
    return _manifest(plan, does, digests, more)


def _manifest(plan: Plan, does: Does, digests: Mapping[str, str], more: Mapping[str, Any]) -> bytes:
    data: dict[str, Any] = {
        "flumec bundle": FORMAT,
        "version": version(),
        "digest": plan.digest,
        "journal format": journal_format.FORMAT,
        **does,
        "files": digests,
        **more,
    }
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()


def of_agents(hosts: Sequence[Host]) -> Does:
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


def executable(files: Mapping[str, bytes]) -> list[str]:
    """Return the names of those files that may be executed."""
    return sorted(name for name, content in files.items() if content.startswith(b"#!"))


@lru_cache(256)
def digest(content: bytes) -> str:
    """Return the sha256 of a file's content; many are the same for all hosts."""
    return hashlib.sha256(content).hexdigest()
