"""What wheels have to be made for: a version of Python, a processor, and glibc 2.28 or newer."""

from collections.abc import Iterator
from typing import NamedTuple

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

GLIBC = 28
"""2.28: Debian 10, RHEL 8 and later; pyarrow has no wheels for an older one."""

_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


class Target(NamedTuple):
    """The hosts of one Python and one processor, which share a runtime."""

    python: str
    arch: str

    def __str__(self) -> str:
        return f"{self.python}-{self.arch}"

    @property
    def version(self) -> tuple[int, int]:
        """The Python's version, as numbers."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def platforms(self) -> list[str]:
        """The platforms whose wheels run there, the newest first."""
        return [platform for minor in range(GLIBC, 4, -1) for platform in self._platforms(minor)]

    def _platforms(self, minor: int) -> Iterator[str]:
        yield f"manylinux_2_{minor}_{self.arch}"
        if minor in _OLD_NAMES:
            yield f"{_OLD_NAMES[minor]}_{self.arch}"

    @property
    def tags(self) -> frozenset[Tag]:
        """The tags of wheels that run there."""
        interpreter = "cp{}{}".format(*self.version)
        own = cpython_tags(self.version, platforms=self.platforms)
        return frozenset((*own, *compatible_tags(self.version, interpreter, self.platforms)))

    @property
    def environment(self) -> dict[str, str]:
        """What markers such as `python_version < "3.13"` are to be read against."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.arch,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


def glibc_of(wheels: Iterator[str]) -> str:
    """Return the oldest glibc that all these wheels run with.

    >>> glibc_of(iter(["six-1.17-py3-none-any.whl", "a-1-cp311-cp311-manylinux_2_28_x86_64.whl"]))
    '2.28'
    """
    needed = max((min(_minors(name), default=0) for name in wheels), default=0)
    return f"2.{needed}"


def _minors(wheel: str) -> Iterator[int]:
    """Yield the glibc's minor versions that a wheel names, for each of its platforms."""
    for tag in parse_wheel_filename(wheel)[3]:
        words = tag.platform.split("_")
        if words[0] == "manylinux":
            yield int(words[2])
        else:
            yield from (minor for minor, name in _OLD_NAMES.items() if name == words[0])
