"""The agents as processes: which have to be started anew, and doing it in order."""

import ast
import hashlib
import json
import time
from typing import Any

from flumec.compiler.installer.bundle import Bundle
from flumec.compiler.installer.drained import drained
from flumec.compiler.installer.files import PLAIN, put_all
from flumec.compiler.installer.paths import Host
from flumec.compiler.installer.runtime import Python, starter
from flumec.compiler.installer.saying import RefusedError, Report
from flumec.compiler.installer.systemd import call, is_active, must, shown, why_not

_ATTEMPTS = 5
"""How often systemd is asked to open a socket."""


class Started:
    """With what each agent was started last: so a run that was killed knows what is left to do."""

    def __init__(self, host: Host) -> None:
        self._path = host.started
        try:
            self._known: dict[str, str] = json.loads(self._path.read_bytes())
        except (OSError, ValueError):  # nothing was started yet, by us
            self._known = {}

    def get(self, unit: str) -> str | None:
        """Return the digest of what a unit was started with."""
        return self._known.get(unit)

    def note(self, unit: str, digest: str | None) -> None:
        """Remember it; None forgets the unit."""
        if digest is None:
            self._known.pop(unit, None)
        else:
            self._known[unit] = digest
        text = json.dumps(self._known, indent=2, sort_keys=True) + "\n"
        put_all({self._path: (text.encode(), PLAIN)})


def digest_of(host: Host, bundle: Bundle, agent: dict[str, Any], python: Python) -> str:
    """Return the digest of all that an agent's process is made of; comments are no part of it."""
    code = ast.parse(bundle.read(f"agents/{agent['name']}.py")).body
    said = [ast.dump(each) for each in code if not _is_text(each)]
    unit = _settings(bundle.read(f"systemd/{agent['service']}"))
    own = (python.flumec or "").encode()
    return _digest("\n".join(said).encode(), unit, starter(host, bundle, python), own)


def digest_of_socket(bundle: Bundle, socket: str) -> str:
    """Return the digest of a socket's unit."""
    return _digest(_settings(bundle.read(f"systemd/{socket}")))


def _is_text(node: ast.stmt) -> bool:
    """Return whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _settings(unit: bytes) -> bytes:
    """Return a unit without its comments."""
    return b"\n".join(line for line in unit.splitlines() if not line.startswith((b"#", b";")))


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def to_start(host: Host, bundle: Bundle, python: Python) -> list[dict[str, Any]]:
    """Return the agents that do not run as the bundle has them, in the order of their start.

    One that is being drained is to go: it is started no more, and its sockets stay closed.
    """
    started = Started(host)
    left = drained(host, bundle)
    return [
        agent
        for agent in bundle.agents
        if agent not in left
        if started.get(agent["service"]) != digest_of(host, bundle, agent, python)
        or any(started.get(s) != digest_of_socket(bundle, s) for s in agent["sockets"])
        or not all(map(is_active, (agent["service"], *agent["sockets"])))
    ]


def start(host: Host, bundle: Bundle, python: Python, report: Report) -> list[str]:
    """Start those agents; return the services that failed. The others go on undisturbed."""
    started = Started(host)
    failed = []
    for agent in to_start(host, bundle, python):
        service = agent["service"]
        word = "restarted" if is_active(service) else "started"
        _listen(bundle, agent, started)
        began = time.monotonic()
        call(["systemctl", "reset-failed", service])
        status, said = call(["systemctl", "restart", service], None)
        if status:
            failed.append(service)
            report.found("error", f"{service} did not start: {shown(service, 'Result') or said}")
            for line in why_not(service):
                report.found("note", line)
            continue
        started.note(service, digest_of(host, bundle, agent, python))
        report.did(word, f"{service}, ready after {time.monotonic() - began:.1f} s")
    for target in bundle.targets:
        must("systemctl", "start", "--no-block", target)
    return failed


def _listen(bundle: Bundle, agent: dict[str, Any], started: Started) -> None:
    """Have an agent's sockets open; one that stays as it is keeps its waiting connections."""
    changed = [
        socket
        for socket in agent["sockets"]
        if not is_active(socket) or started.get(socket) != digest_of_socket(bundle, socket)
    ]
    if changed:
        _open(changed, agent["service"])
        for socket in changed:
            started.note(socket, digest_of_socket(bundle, socket))


def _open(sockets: list[str], service: str) -> None:
    """Open sockets anew, which systemd does only while their service does not run.

    A client of another socket would start the service as soon as it has stopped. So it is not
    waited for: systemd opens the sockets between its end and its next start, if it knows by then
    that they are wanted. That it may know too late is why this is tried again.
    """
    status, said = 1, ""
    for _ in range(_ATTEMPTS):
        must("systemctl", "stop", "--no-block", service)
        status, said = call(["systemctl", "restart", *sockets])
        if status == 0:
            return
    raise RefusedError(f"cannot open {', '.join(sockets)}: {said}")


def stop(host: Host, bundle: Bundle | None, others: list[Bundle], report: Report) -> None:
    """Stop the agents of other bundles that the bundle does not have."""
    started = Started(host)
    for agent in _leaving(bundle, others):
        units = _units(agent)
        running = [unit for unit in units if is_active(unit)]
        if running:
            status, said = call(["systemctl", "stop", *running], None)
            if status:
                raise RefusedError(f"cannot stop {', '.join(running)}: {said}")
        for unit in units:
            if started.get(unit) is not None:
                started.note(unit, None)
        if agent["service"] in running:
            report.did("stopped", f"{agent['service']}; what it holds stays in {agent['state']}")


def to_stop(bundle: Bundle, others: list[Bundle]) -> list[str]:
    """Return the units that run and that the bundle does not have."""
    kept = {unit for agent in bundle.agents for unit in _units(agent)}
    services = [agent["service"] for agent in _leaving(bundle, others)]
    return [unit for unit in (*services, *_sockets(others)) if unit not in kept and is_active(unit)]


def _leaving(bundle: Bundle | None, others: list[Bundle]) -> list[dict[str, Any]]:
    """Return the agents of other bundles that the bundle does not have.

    The sockets of those that it has, and that it lacks, are for `close`, later.
    """
    kept = set(bundle.services) if bundle else set()
    gone = {agent["name"]: agent for other in others for agent in reversed(other.agents)}
    return [agent for agent in gone.values() if agent["service"] not in kept]


def _sockets(bundles: list[Bundle]) -> list[str]:
    """Return the sockets' units of bundles, each once."""
    agents = (agent for bundle in bundles for agent in bundle.agents)
    return list(dict.fromkeys(socket for agent in agents for socket in agent["sockets"]))


def close(host: Host, bundle: Bundle, others: list[Bundle], report: Report) -> None:
    """Close the ports that agents no longer have, once systemd knows their services without them.

    Before that a start of the service would open them again.
    """
    started = Started(host)
    kept = {unit for agent in bundle.agents for unit in _units(agent)}
    for socket in _sockets(others):
        if socket not in kept and is_active(socket):
            must("systemctl", "stop", socket)
            started.note(socket, None)
            report.did("closed", socket)


def _units(agent: dict[str, Any]) -> list[str]:
    """Return an agent's units, the sockets first: else one would start the service again."""
    return [*agent["sockets"], agent["service"]]
