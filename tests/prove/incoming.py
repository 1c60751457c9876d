"""What comes into a fleet in the simulation: lines into files, and what clients post."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flumec.compiler.proofs.claim import Failure
from flumec.compiler.world import World
from flumec.compiler.world import events as seen
from flumec.compiler.world.posted import Request
from flumec.compiler.world.seen import part_of
from prove.harm import body, is_borne
from prove.judging import Record
from prove.script import Action
from prove.shape import Part, Shape
from prove.ways import Event

Client = tuple[str, str, str]
"""Who posts to one host: the agent, its source, and the host."""


PAUSES = (0.0, 0.4, 2.5)
"""Seconds between the copy of a file and its emptying: a follower looks once a second."""


@dataclass(frozen=True)
class _Post:
    """What a client has posted: of which source's stream, and which events."""

    request: Request
    stream: tuple[str, str, str]
    events: Sequence[Event]
    bodies: Sequence[seen.Event]


class Incoming:
    """What was given to all sources; notes in a record what was sent."""

    def __init__(self, world: World, shape: Shape, record: Record) -> None:
        self._world, self._shape, self._record = world, shape, record
        self._sent: Counter[tuple[str, str, str]] = Counter()
        self._posted: dict[Client, _Post] = {}
        self._clients: list[_Post] = []
        self._waiting: dict[Client, list[Request]] = {}
        """What each client is still to be answered, the request that it makes now first."""
        self.lost: set[str] = set()
        """The hosts that are gone for good."""
        self._copied: set[tuple[str, str]] = set()
        """The sources whose file is copied and not yet emptied, and their hosts."""

    def send(self, agent: str, source: str, host: str, count: int, kind: str = "send") -> None:
        """Give a source so many events more; with `*` for the host that of each host.

        Poison is given to nobody who could only stand still before it, and nothing to a host that
        is lost.
        """
        if host in self.lost:
            return
        first = self._sent[agent, source, host]
        self._sent[agent, source, host] += count
        events = [Event(agent, source, host, first + n) for n in range(count)]
        if kind == "poison" and not all(is_borne(self._shape, event) for event in events):
            kind = "send"
        part = self._shape.agent(agent).source(source)
        bodies = [seen.Event(body(event, kind), _headers(part, event)) for event in events]
        pushed = part.kind == "http"
        self._record.sent |= dict.fromkeys(events, not pushed)
        self._record.bulk.update(events if kind == "bulk" else ())
        if (source, host) in self._copied:
            self._record.failures.add(Failure.ROTATION)
        for each in self._shape.agent(agent).hosts if host == "*" else (host,):
            if pushed:
                client = agent, source, each
                stream = agent, source, host
                self._posted[client] = self._client(client, stream, events, bodies)
            else:
                self._world.send(agent, source, bodies, each)

    def repost(self, agent: str, source: str, host: str) -> None:
        """Have a client ask once more for what was answered."""
        post = self._posted.get((agent, source, host))
        if post is not None and post.request.answered:
            post.request.answered = False
            self._ask((agent, source, host), post.request)

    def stray(self, agent: str, source: str, host: str, other: str) -> None:
        """Have a client ask another host for what was answered."""
        post = self._posted.get((agent, source, host))
        if post is None or not post.request.answered:
            return
        for event in post.events:
            known = self._record.strayed.get(event, frozenset())
            self._record.strayed[event] = known | {other}
        self._record.shuffled.add(post.stream)
        self._client((agent, source, other), post.stream, post.events, post.bodies)

    def rotate(self, source: str, host: str) -> None:
        """Have the file that a source follows rotated, if there is one."""
        machine, path = self._world.machines[host], _log(source, host)
        if machine.files.path(path).exists():
            machine.files.rotate(path, self._world.clock.now_ns())

    def copy(self, agent: str, source: str, host: str, action: Action) -> None:
        """Have the file of a source copied, more written, and the file emptied soon after."""
        files, path, clock = self._world.machines[host].files, _log(source, host), self._world.clock
        if not files.path(path).exists() or (source, host) in self._copied:
            return

        def empty() -> None:
            if action.amount:
                self.send(agent, source, host, round(action.amount))
            files.empty(path, clock.now_ns())
            self._copied.remove((source, host))

        self._copied.add((source, host))
        files.copy(path, clock.now_ns())
        pause = random.Random(str(action)).choice(PAUSES)
        self._world.scheduler.after(pause, empty)

    def finish(self) -> None:
        """Note what clients know of what they have posted."""
        for post in self._clients:
            if post.request.answered:
                self._record.sent |= dict.fromkeys(post.events, True)
            if post.stream[2] == "*":
                self._record.shuffled.add(post.stream)
            if post.request.tries > 1:
                self._record.failures.add(Failure.CLIENT_RETRIED)

    def _client(
        self, client: Client, stream: tuple[str, str, str], events: Sequence[Event],
        bodies: Sequence[seen.Event],
    ) -> _Post:  # fmt: skip
        """Have a client post events, after those that it has posted there before."""
        agent, source, host = client
        part = part_of(self._world.machines[host].agents[agent], source)
        post = _Post(Request(part, bodies, f"{events[0].name} at {host}"), stream, events, bodies)
        self._world.requests.append(post.request)
        self._clients.append(post)
        self._ask(client, post.request)
        return post

    def _ask(self, client: Client, request: Request) -> None:
        """Have a request made once the others of its client are answered."""
        waiting = self._waiting.setdefault(client, [])
        waiting.append(request)
        if len(waiting) == 1:
            address = self._world.machines[client[2]].address
            self._world.scheduler.spawn(
                self._world._clients, "client", lambda: self._work(waiting, address)
            )

    def _work(self, waiting: list[Request], address: str) -> None:
        while waiting:
            waiting[0].run(self._world.network, self._world._clients, address)
            waiting.pop(0)


def _headers(source: Part, event: Event) -> dict[str, str]:
    return {name: event.user if name == "user" else event.name for name in source.sent}


def _log(source: str, host: str) -> str:
    return f"/var/log/{host}/{source}.log"
