"""Whether an agent's user may read the files that its sources are to read."""

import glob
import grp
import json
import os
import pwd
import re
from typing import Any

from flumec.compiler.installer.bundle import Bundle

NOBODY = 65534
"""Stands for a user that is made when the bundle is installed."""
_MEMBER = re.compile(r"^m (\S+) (\S+)$", re.MULTILINE)
_GROUPS = re.compile(r"^SupplementaryGroups=(.*)$", re.MULTILINE)


def unreadable(bundle: Bundle, agent: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the files that an agent may not read, and the patterns that no file matches yet."""
    found = {pattern: glob.glob(pattern, recursive=True) for pattern in agent["reads"]}  # noqa: PTH207 absolute
    files = sorted({path for paths in found.values() for path in paths if os.path.isfile(path)})  # noqa: PTH113
    return _refused(files, agent["user"], _groups(bundle, agent)), [
        pattern for pattern, paths in found.items() if not paths
    ]


def _groups(bundle: Bundle, agent: dict[str, Any]) -> set[int]:
    """Return the groups that a service has besides those of its user."""
    members = _MEMBER.findall(bundle.read("systemd/sysusers.conf").decode())
    names = {group for user, group in members if user == agent["user"]}
    for line in _GROUPS.findall(bundle.read(f"systemd/{agent['service']}").decode()):
        names.update(line.split())
    numbers = set()
    for name in names:
        try:
            numbers.add(grp.getgrnam(name).gr_gid)
        except KeyError:  # it is made when the bundle is installed, and has no files yet
            continue
    return numbers


def _refused(files: list[str], user: str, groups: set[int]) -> list[str]:
    """Return the files that a user may not read, as a process of that user finds out."""
    try:
        entry = pwd.getpwnam(user)
        number, group = entry.pw_uid, entry.pw_gid
        groups = groups | set(os.getgrouplist(user, group))
    except KeyError:
        number, group = NOBODY, NOBODY
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(sorted(groups))
            os.setgid(group)
            os.setuid(number)
            refused = [path for path in files if not os.access(path, os.R_OK)]
            with open(there, "w", encoding="utf-8") as pipe:  # noqa: PTH123 a descriptor
                json.dump(refused, pipe)
        finally:
            os._exit(0)
    os.close(there)
    with open(here, encoding="utf-8") as pipe:  # noqa: PTH123 a descriptor
        said = pipe.read()
    os.waitpid(child, 0)
    return list(json.loads(said)) if said else []
