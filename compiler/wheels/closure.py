"""Everything that is needed for a start: what that needs in its turn, and so on."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from flumec.compiler.wheels.target import Target
from flumec.compiler.wheels.wheel import Wheel
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


class Closure(NamedTuple):
    """The wheels that are needed, by their names, and what there is no wheel for."""

    wheels: dict[str, Wheel]
    missing: tuple[Requirement, ...]


def close(
    target: Target, roots: Iterable[Requirement], find: Callable[[str], Wheel | None]
) -> Closure:
    """Follow what each wheel says it needs; markers are read as on the hosts of `target`.

    (pip reads them as on the machine that it runs on, whatever the wheels are for.)
    """
    wheels: dict[str, Wheel] = {}
    missing: dict[str, Requirement] = {}
    waiting = list(roots)
    seen: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        name = canonicalize_name(requirement.name)
        wheel = find(name)
        if wheel is None or not requirement.specifier.contains(wheel.version, prereleases=True):
            missing.setdefault(str(requirement), requirement)
            continue
        wheels[name] = wheel
        waiting += (r for r in wheel.requires if _applies(r, target, requirement.extras))
    return Closure(dict(sorted(wheels.items())), tuple(missing.values()))


def _applies(requirement: Requirement, target: Target, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    environment = target.environment
    return marker is None or any(
        marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras)
    )
