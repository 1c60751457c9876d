"""One agent's service unit: watched, started again, and let at its own files only.

Options are those of systemd 252 (Debian 12); man pages systemd.service(5), systemd.exec(5).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any

from flumec.compiler.emit.literal import harmless, visible
from flumec.compiler.emit.paths import PYTHON, SCRIPTS, credential
from flumec.compiler.emit.picture import picture
from flumec.compiler.emit.templates import render
from flumec.compiler.plan import Agent

_PLAIN = re.compile(r"[A-Za-z0-9/._:@+,=-]+")
_WILD = frozenset("*?[")
_HOMES = ("/home", "/root", "/run/user")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 compared with, never written to


def unit(agent: Agent) -> str:
    """Return the text of `flumec-<agent>.service`."""
    reads = [_folder(pattern) for pattern in agent.reads]
    touched = [*reads, *agent.writes]
    privileged = any(port < 1024 for _, port in agent.ports)
    return render(
        "agent.service.j2",
        description=setting(f"flumec agent {agent.name} on {agent.host}"),
        comments=_comments(agent),
        script=f"{SCRIPTS}/{agent.name}.py",
        python=PYTHON,
        user=setting(agent.user),
        state=f"flumec/{agent.name}",
        credentials=[setting(f"{name}:{credential(name)}") for name in agent.credentials],
        limits=list(_limits(agent.limits)),
        writes=[word(path) for path in dict.fromkeys(agent.writes)],
        homes="read-only" if _meets(touched, _HOMES) else "yes",
        own_temporary="no" if _meets(touched, _TEMPORARY) else "yes",
        capabilities="CAP_NET_BIND_SERVICE" if privileged else "",
    )


def setting(text: str) -> str:
    r"""Return `text` as the value of a setting that takes a line: no specifier, no second line.

    >>> print(setting("100% of it\n[Service]"))
    100%% of it\n[Service]
    """
    return harmless(text).replace("%", "%%").rstrip("\\ ")


def word(text: str) -> str:
    r"""Return a path as one word of a setting that takes several: quoted where it must be.

    Systemd has no escape for control characters here; a path with one becomes its parent.

    >>> print(word("/srv/out"), word('/srv/my "logs" 100%'), word("/srv/a\nb/c"))
    /srv/out "/srv/my \"logs\" 100%%" /srv
    """
    if _PLAIN.fullmatch(text):
        return text
    parts = takewhile(
        lambda part: part == "/" or all(map(visible, part)), PurePosixPath(text).parts
    )
    path = str(PurePosixPath(*parts))
    if path != text:
        return word(path)
    escaped = re.sub(r'(["\\])', r"\\\1", path).replace("%", "%%")
    return f'"{escaped}"'


def _comments(agent: Agent) -> list[str]:
    made = f"Made by flumec from {agent.file} ({agent.file_digest[:12]})."
    lines = [*agent.doc.splitlines(), *picture(agent), f"{made} Change that file, not this one."]
    return [f"# {harmless(line)}".rstrip("\\ ") for line in lines]


def _limits(limits: Mapping[str, Any]) -> Iterator[str]:
    """Yield the settings for an agent's `limits { memory, cpu, files }`."""
    if (memory := limits.get("memory")) is not None:
        yield f"MemoryMax={int(memory)}"
    if (cpu := limits.get("cpu")) is not None:
        yield f"CPUQuota={round(float(cpu) * 100)}%"
    if (files := limits.get("files")) is not None:
        yield f"LimitNOFILE={int(files)}"


def _folder(pattern: str) -> str:
    """Return the folder of a pattern's files, up to its first wildcard."""
    parts = PurePosixPath(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if _WILD & set(part)), len(parts) - 1)
    return str(PurePosixPath(*parts[:fixed])) if fixed else "/"


def _meets(paths: Sequence[str], folders: Sequence[str]) -> bool:
    """Return whether a path leads into one of the folders, or to what is above it."""
    inner = [f"{path.rstrip('/')}/" for path in paths]
    outer = [f"{folder}/" for folder in folders]
    return any(one.startswith(other) or other.startswith(one) for one in inner for other in outer)
