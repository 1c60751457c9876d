"""Removing what agents hold, from places that the agents' own users may change at any moment.

Whatever an agent has written is not believed: what goes is what the bundles declare, which root
alone can write. On the way there no link is followed, in no component of a path, and what is
removed is the very folder that was looked at.
"""

import json
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.files import OLD, remove_all
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.saying import Report

STATES = "/var/lib/flumec"
SECRETS = "/etc/flumec"
CLAIMS = "journals.json"
"""In a state directory: where its agent says that it has journals besides."""
MARK = "agent"
"""In a journal's directory elsewhere: the state directory of its agent."""
_WAY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST = 1 << 16
_NAMED = 20
"""How many places are named at most that an agent claims and no bundle declares."""


class _LeftError(Exception):
    """A folder is not removed; the message says why."""


def states(host: Host) -> list[Path]:
    """Return the state directories of all agents that were ever on this host."""
    folder = host.at(STATES)
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.is_symlink())


def purge(host: Host, bundles: list[Bundle], report: Report) -> None:
    """Remove what the agents of these bundles hold, and the secrets; name what is left."""
    declared = {
        path: agent
        for bundle in bundles
        for agent in bundle.agents
        for path in agent.get("journals", [])
    }
    claimed = sorted(
        {claim for state in states(host) for claim in _claims(host, state)} - {*declared}
    )
    for path, agent in sorted(declared.items()):
        try:
            if _removed(host, path, agent):
                report.did("purged", str(host.at(path)))
        except (_LeftError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            report.found("warning", f"{host.at(path)} is left: {why}", "see to it yourself")
    for claim in claimed[:_NAMED]:
        report.found(
            "warning",
            f"{json.dumps(claim)} is left: an agent names it as its journal, no bundle here does",
            "see to it yourself",
        )
    if more := len(claimed[_NAMED:]):
        report.found("warning", f"{more:,} more places are left that agents name")
    for path in remove_all([*states(host), host.at(STATES), host.at(SECRETS)]):
        report.did("purged", str(path))


def _claims(host: Host, state: Path) -> Iterator[str]:
    """Yield where an agent says that its journals are."""
    try:
        with _walked(state, host.root) as folder:
            said = json.loads(_text(folder, CLAIMS))
    except (OSError, ValueError, RecursionError, _LeftError):
        return
    if isinstance(said, list):
        yield from (each for each in said if isinstance(each, str))


def _removed(host: Host, path: str, agent: dict[str, Any]) -> bool:
    """Remove a journal's directory that a bundle declares; return whether there was one."""
    place = host.at(path)
    try:
        with _walked(place.parent, host.root) as above:
            found = _looked_at(above, place.name, agent, live=host.live)
            gone = f"{OLD}{place.name}"  # half a journal is none
            shutil.rmtree(gone, ignore_errors=True, dir_fd=above)
            os.rename(place.name, gone, src_dir_fd=above, dst_dir_fd=above)
            moved = os.stat(gone, dir_fd=above, follow_symlinks=False)
            if not os.path.samestat(found, moved):
                os.rename(gone, place.name, src_dir_fd=above, dst_dir_fd=above)
                raise _LeftError("it was exchanged for another meanwhile")
            shutil.rmtree(gone, dir_fd=above)
            os.fsync(above)
    except FileNotFoundError:
        return False
    return True


def _looked_at(above: int, name: str, agent: dict[str, Any], *, live: bool) -> os.stat_result:
    """Return the state of a folder that is its agent's journal; raise _LeftError if it is not."""
    folder = _step(above, name)
    try:
        found = os.fstat(folder)
        if live and found.st_uid != pwd.getpwnam(agent["user"]).pw_uid:
            raise _LeftError(f"it does not belong to {agent['user']}, the user of its agent")
        if _text(folder, MARK) != agent["state"]:
            raise _LeftError(f"its file `{MARK}` does not say {agent['state']}")
    except KeyError:
        raise _LeftError(f"its agent's user, {agent['user']}, is not there any more") from None
    except FileNotFoundError:
        raise _LeftError(f"it has no file `{MARK}`, so it is no journal") from None
    finally:
        os.close(folder)
    return found


@contextmanager
def _walked(path: Path, root: Path) -> Iterator[int]:
    """Open a folder below `root`, which is trusted, step by step; no step is a link."""
    folder = os.open(root, _WAY)
    try:
        for name in path.relative_to(root).parts:
            below = _step(folder, name)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def _step(folder: int, name: str) -> int:
    """Open a folder in another."""
    try:
        return os.open(name, _WAY, dir_fd=folder)
    except NotADirectoryError:
        raise _LeftError(f"`{name}` in its path is a link, or no folder") from None


def _text(folder: int, name: str) -> str:
    """Return a small file's text; neither a link nor a pipe is one."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _LeftError(f"its `{name}` is no file")
        return os.read(descriptor, _LONGEST).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
