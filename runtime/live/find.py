"""Which agents run here: by their state directories, or far away by their ports."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from flumec.runtime.control.client import Client, Refused, Unreachable
from flumec.runtime.control.place import NAME
from flumec.runtime.frozen import frozen
from flumec.runtime.near import no_folder

INSTALLED = Path("/var/lib/flumec")
"""Where the units that `flumec build` writes keep every agent's state."""

_AT_ONCE = 16


class NotFound(Exception):  # noqa: N818 it reads as what happened
    """There is no such agent or point; the message says which there are."""


@frozen
class Place:
    """Where an agent can be asked; `label` names it when it does not answer."""

    label: str
    client: Client


@frozen
class Live:
    """An agent as it answered; `state` is None where it did not, and `trouble` says why."""

    name: str
    client: Client
    state: dict[str, Any] | None
    trouble: str = ""

    @property
    def points(self) -> tuple[str, ...]:
        """Its components and channels."""
        return (*self.state["parts"], *self.state["channels"]) if self.state else ()


def places(states: Sequence[Path], ports: Sequence[tuple[str, int]] | None = None) -> list[Place]:
    """Return every agent below the directories and at the ports; raise NotFound without any.

    `ports` is None where agents that are far away cannot be asked.
    """
    far = "" if ports is None else ", or agents' ports by --metrics HOST:PORT"
    ports = ports or ()
    if not states and not ports:
        states = (INSTALLED,)
    found = [Place(f"{host}:{port}", Client(address=(host, port))) for host, port in ports]
    for state in states:
        agents = list(_below(state))
        if not agents:
            raise NotFound(
                f"no agent keeps its state in {state}{no_folder(state)}; name a fleet's by "
                f"--state, such as the one that was given to `flumec run`{far}"
            )
        found += agents
    return found


def _below(state: Path) -> Iterator[Place]:
    """Yield the agents of DIR, DIR/AGENT and DIR/HOST/AGENT: one, a host's, a whole fleet's."""
    for depth, pattern in enumerate(("", "*", "*/*")):
        for folder in sorted(state.glob(pattern)) if pattern else (state,):
            if (folder / "journal").is_dir() or (folder / NAME).exists():
                parts = folder.absolute().parts[-max(depth, 1) :]
                yield Place("/".join(unquote(part) for part in parts), Client(folder))


def ask(found: Sequence[Place]) -> list[Live]:
    """Return how each agent is, asked at the same time."""
    if not found:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(found))) as pool:
        return list(pool.map(_ask, found))


def _ask(place: Place) -> Live:
    try:
        state: dict[str, Any] = place.client.get("/status")
        name = f"{state['host']}/{state['agent']}"
    except (Unreachable, Refused) as error:
        return Live(place.label, place.client, None, str(error))
    except (KeyError, TypeError):
        return Live(place.label, place.client, None, "what answers there is no agent of flumec")
    return Live(name, place.client, state)


def point(address: str, agents: Iterable[Live]) -> tuple[Live, str]:
    """Return what AGENT.POINT or HOST/AGENT.POINT names; raise NotFound, which says what there is.

    A host may be named by its first label.
    """
    agents = list(agents)
    host, _, rest = address.rpartition("/")
    name, dot, part = rest.partition(".")
    if not dot or not part:
        raise NotFound(f"`{address}` is not AGENT.NAME or HOST/AGENT.NAME, such as tailer.access")
    same = [a for a in agents if a.state and a.state["agent"] == name and _is_of(a, host)]
    if not same:
        for silent in agents:
            if silent.state is None and name in silent.name:
                raise NotFound(silent.trouble)
        here = ", ".join(agent.name for agent in agents if agent.state) or "none"
        raise NotFound(f"no agent `{address.rpartition('.')[0]}` answers; those that do: {here}")
    if len(same) > 1:
        either = " or ".join(f"{agent.name}.{part}" for agent in same[:3])
        raise NotFound(f"`{name}` runs on {len(same)} hosts; say which: {either}")
    if part not in same[0].points:
        raise NotFound(f"{same[0].name} has no `{part}`; it has {', '.join(same[0].points)}")
    return same[0], part


def _is_of(agent: Live, host: str) -> bool:
    assert agent.state is not None
    return host in ("", agent.state["host"], agent.state["host"].partition(".")[0])
