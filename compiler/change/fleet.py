"""A fleet as a manifest describes it: the earlier one, read, or the one that would be built."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flumec.compiler.bundle import BundleError
from flumec.compiler.emit.described import Described
from flumec.compiler.emit.manifest import flows, of_agents, version
from flumec.compiler.paths import MANIFEST
from flumec.compiler.plan import Plan
from flumec.runtime.frozen import frozen
from flumec.runtime.journal_format import FORMAT


@frozen
class Fleet:
    """What runs where; `digest` is of all that it was made from."""

    version: str
    digest: str
    addresses: Mapping[str, str]
    hosts: Mapping[str, Mapping[str, str]]
    """The description's digest, by host and agent."""
    agents: Mapping[str, Described]
    """Descriptions by their digests."""
    inputs: frozenset[str]
    """The files that it was made from."""
    flows: Mapping[str, str]
    """Which of them declares each agent; not known of one that is missing."""
    journal_format: int | None
    """The newest format of journals that it reads and writes; None where that is not known."""

    def of(self, host: str, agent: str) -> Described | None:
        """Return what an agent does on a host, None if it isn't there."""
        return self.agents.get(self.hosts.get(host, {}).get(agent, ""))

    def every(self) -> Iterator[tuple[str, str, Described]]:
        """Yield (host, agent, description) of all of them."""
        for host, agents in self.hosts.items():
            for agent, digest in agents.items():
                yield host, agent, self.agents[digest]


def planned(plan: Plan) -> Fleet:
    """Return the fleet that a plan describes."""
    more = {"inputs": dict(plan.inputs), "flows": flows(plan), "journal format": FORMAT}
    return _fleet(version(), plan.digest, {**of_agents(plan.hosts), **more})


def built(directory: Path) -> Fleet:
    """Return the fleet of the bundle in a folder; raise BundleError where there is none."""
    path = directory / MANIFEST
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BundleError(
            f"`{directory}` is no flumec bundle: it has no {MANIFEST}; name the folder that "
            "`flumec build -o` wrote for what is installed"
        ) from None
    except OSError as error:
        raise BundleError(f"cannot read `{path}`: {error.strerror or error}") from None
    except ValueError:
        raise BundleError(f"`{path}` is no manifest of flumec: it is not JSON") from None
    if isinstance(data, dict) and "agents" in data and "inputs" not in data:
        raise BundleError(
            f"`{directory}` is the folder of one host: name that of the whole bundle, above it"
        )
    try:
        return _fleet(data["version"], data["digest"], data)
    except (KeyError, TypeError, AttributeError):
        raise BundleError(
            f"`{path}` does not say what its agents do: it is of another version of flumec; build "
            "what is installed once more, from the files that it was built from, and name that"
        ) from None


def _fleet(version: str, digest: str, data: Mapping[str, Any]) -> Fleet:
    hosts = data["hosts"]
    fleet = Fleet(
        version,
        digest,
        {name: host["address"] for name, host in hosts.items()},
        {name: host["agents"] for name, host in hosts.items()},
        data["agents"],
        frozenset(data["inputs"]),
        data.get("flows", {}),
        data.get("journal format"),
    )
    if any(description.get("agent") is None for _, _, description in fleet.every()):
        raise KeyError("agent")
    return fleet
