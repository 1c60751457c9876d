"""What real steps and routes make of an event on its ways through a fleet: its keys at the sink."""

import logging
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
from flumec.compiler.plan import Plan
from flumec.compiler.world.declared import declared
from flumec.runtime.batch import PREFIX, decode, header
from flumec.runtime.chain import Feed
from flumec.runtime.journal.records import Put
from flumec.runtime.journal.spreading import choose
from flumec.runtime.testing import ManualClock

from .fleet import Fleet, Link


class Passing:
    """The agents of a fleet, each on its hosts, without their journals."""

    def __init__(self, fleet: Fleet, plan: Plan) -> None:
        self._fleet = fleet
        self._clock = ManualClock()
        self._put: list[Put] = []
        self._feeds: dict[tuple[str, str], Feed] = {}
        for host in plan.hosts:
            for agent in host.agents:
                if agent.name != "store":
                    self._feeds[agent.name, host.name] = self._feed(agent, host)

    def keys(
        self, headers: Mapping[str, str], body: bytes, host: str, chance: random.Random
    ) -> list[str | None]:
        """Return the keys of all copies of an event that a client posts to a host at a new time."""
        self._clock.advance(1)
        columns = {"body": pa.array([body], pa.binary())}
        columns |= {PREFIX + name: pa.array([value]) for name, value in headers.items()}
        found: list[str | None] = []
        for channels, batch in self._through("edge", host, pa.record_batch(columns)):
            for link in self._fleet.links:
                for agent, peer in (
                    self._peers(link, batch, chance) if link.channel in channels else ()
                ):
                    for _, come in self._through(agent, peer, batch):
                        found += header(come, "id").to_pylist()
        return found

    def _feed(self, agent: Any, host: Any) -> Feed:
        context: Any = SimpleNamespace(
            host=host.name, address=host.address, clock=self._clock, log=logging.getLogger(),
            stopping=False,
        )  # fmt: skip
        desk: Any = SimpleNamespace(submit=self._submit)
        return Feed(declared(agent).flows, desk, context)

    def _submit(self, put: Put, **_: object) -> Future[Any]:
        self._put.append(put)
        stored: Future[Any] = Future()
        stored.set_result(None)
        return stored

    def _through(
        self, agent: str, host: str, batch: pa.RecordBatch
    ) -> Iterator[tuple[tuple[str, ...], pa.RecordBatch]]:
        """Yield what an agent stores of an event: the channels, and the event as it is there."""
        self._put.clear()
        self._feeds[agent, host].put(batch)
        for put in [*self._put]:
            for frame in put.frames:
                yield frame.channels, decode(frame.body)

    def _peers(
        self, link: Link, batch: pa.RecordBatch, chance: random.Random
    ) -> list[tuple[str, str]]:
        """Return who gets a copy: all, or one by the value of a header, or any of them."""
        peers = [
            (relay.name, host)
            for relay in self._fleet.relays
            if relay.name in link.to
            for host in relay.hosts
        ]
        if link.policy == "all":
            return peers
        if link.policy.startswith("hash"):
            value = header(batch, link.policy[len("hash(header.") : -1])
            return [peers[choose(value, [(host, 1) for _, host in peers])[0].as_py()]]
        return [chance.choice(peers)]
