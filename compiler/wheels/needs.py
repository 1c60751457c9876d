"""What a host needs besides Python: the libraries of flumec.runtime, not those of the compiler."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from flumec.compiler.plan import Part, Plan
from flumec.compiler.wheels.target import Target
from packaging.requirements import Requirement

COMPILER_ONLY = frozenset(
    ("click", "greenlet", "jinja2", "lark", "networkx", "packaging", "pyyaml", "rich")
)
"""Libraries that only the compiler imports."""

_EXTRAS = {"dedup": "dedup"}
"""From a property that needs one of flumec's extras to that extra."""

EVERYTHING = frozenset(_EXTRAS.values())
"""The extras that hosts may need."""


def runtime_requirements() -> list[Requirement]:
    """Return what flumec.runtime needs, as its own wheel says it."""
    said = (Requirement(text) for text in metadata.requires("flumec") or ())
    wanted = (one for one in said if one.name.lower() not in COMPILER_ONLY)
    return [one for one in wanted if _is_for_hosts(str(one.marker or ""))]


def roots(target: Target, extras: Iterable[str]) -> list[Requirement]:
    """Return what the hosts of a target need first of all, without markers."""
    wanted = []
    for requirement in runtime_requirements():
        for extra in ("", *extras):
            marker = requirement.marker
            if marker is None or marker.evaluate({**target.environment, "extra": extra}):
                requirement.marker = None
                wanted.append(requirement)
                break
    return wanted


def targets_of(plan: Plan) -> dict[Target, frozenset[str]]:
    """Return what the hosts of a plan are, and the extras that those of each kind need."""
    needed: dict[Target, set[str]] = {}
    for host in plan.hosts:
        extras = needed.setdefault(Target(host.python, host.arch), set())
        for agent in host.agents:
            extras.update(*(map(_extras, agent.parts)))
    return {target: frozenset(extras) for target, extras in needed.items()}


def _extras(part: Part) -> set[str]:
    values: Mapping[str, Any] = part.values
    return {extra for name, extra in _EXTRAS.items() if values.get(name) is not None}


def _is_for_hosts(marker: str) -> bool:
    """Return whether a requirement is none of an extra that only developers install."""
    return "extra ==" not in marker or any(f'extra == "{each}"' in marker for each in EVERYTHING)
