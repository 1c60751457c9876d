"""A generated agent as it is run in a world: its ends are ours, all between them is its own.

Sinks are replaced by collectors that commit as the sink does: one that publishes files publishes
them, by the same code, on a disk of the world, with headers and body in each line unless they are
to be as they really are; one that commits nothing collects first and says so after. TLS and
encryption are left out: there are no credentials.
"""

import copy
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flumec.compiler.world.errors import Unable
from flumec.compiler.world.events import Event
from flumec.compiler.world.posted import Posted
from flumec.compiler.world.tailed import Tailed, TailedFiles
from flumec.runtime.agent import Agent, Delivery, Flow, Receipt
from flumec.runtime.component import Component, Sink
from flumec.runtime.output.location import divided
from flumec.runtime.sinks.file_roll import FileRoll
from flumec.runtime.sinks.filing import Filing
from flumec.runtime.sinks.hdfs import Hdfs
from flumec.runtime.sources.http import Http
from flumec.runtime.sources.link import LinkSource
from flumec.runtime.sources.seq import Seq
from flumec.runtime.sources.taildir import Taildir

if TYPE_CHECKING:
    from flumec.runtime.context import SinkContext

ELSEWHERE = Path("/.elsewhere")
"""Where on the world's disks lies what is on none of its machines: HDFS."""

_LONGEST_READ = 60.0

Take = Callable[[str, Sequence[Event]], None]
"""Told of events that a sink which publishes nothing was given: the sink's name, and they."""


class Collector(Sink):
    """Takes the place of a sink whose output is final at once."""

    def run(self, context: "SinkContext") -> None:
        """Take what the channel has until the agent stops; it is noted after that."""
        from flumec.runtime.journal.records import Cursor

        consumer = context.consumer
        stored = consumer.advance(consumer.cursor)
        take: Take = object.__getattribute__(self, "take")
        while not context.stopping:
            chunks = consumer.read(context.clock.look)
            context.idle(not chunks)
            for chunk in chunks:
                take(self.name, _events(chunk))
                stored = consumer.advance(Cursor(chunk.end, delivered=chunk.rows))
        stored.result()


class HdfsCollector(Hdfs):
    """Takes the place of an `hdfs`: publishes as it does, on a disk that no power cut reaches."""

    def run(self, context: "SinkContext") -> None:
        """Deliver the channel's events into files until the agent stops."""
        from flumec.runtime.output.local import LocalStore
        from flumec.runtime.output.store import Store

        def open_store(directory: str, sink: str) -> Store:
            return LocalStore(
                elsewhere(directory), sink, context.consumer.epoch, context.disk, host=context.host
            )

        directory, template = divided(self.path)
        self.deliver(context, directory, template, open_store)


class FileCollector(FileRoll):
    """Takes the place of a `file_roll`."""


def elsewhere(directory: str) -> Path:
    """Return where in a world a sink's folder lies: one of HDFS, or by its path.

    What lies there stays there: so a journal has it that an earlier start of the sink has written.
    """
    if directory.startswith("/"):
        return Path(directory)
    return ELSEWHERE / directory.replace("://", "/").lstrip("/")


def in_the_open(text: str) -> str:
    """Return what is said of a folder elsewhere as it is said of HDFS."""
    return text.replace(f"{ELSEWHERE}/hdfs/", "hdfs://").replace(f"{ELSEWHERE}/", "")


def folder_of(part: Filing) -> Path:
    """Return where in a world a sink that publishes files does so."""
    if isinstance(part, Hdfs):
        return elsewhere(divided(part.path)[0])
    assert isinstance(part, FileRoll)
    return part.directory


def staged(agent: Agent, take: Take, files: TailedFiles, *, real: bool = False) -> Agent:
    """Return an agent with its ends replaced; raise Unable for one that can't be.

    With `real` its sinks make files as they would, of their own format.
    """
    made = {part.name: _replaced(part, take, files, real=real) for part in agent.parts}

    def now(part: Any) -> Any:
        return made[part.name]

    groups: dict[int, Any] = {}
    for delivery in agent.deliveries:
        if delivery.group is not None and id(delivery.group) not in groups:
            group = copy.copy(delivery.group)
            group.members = tuple(map(now, group.members))
            groups[id(delivery.group)] = group
    other = copy.copy(agent)
    vars(other)["_parts"] = made
    other.journals = {name: _plain(journal) for name, journal in agent.journals.items()}
    other.flows = [Flow(now(flow.source), flow.steps, flow.to) for flow in agent.flows]
    other.deliveries = [
        Delivery(each.channel, now(each.consumer), each.group and groups[id(each.group)])
        for each in agent.deliveries
    ]
    other.receipts = [
        Receipt(now(each.receiver), each.link, each.wire, now(each.to)) for each in agent.receipts
    ]
    return other


_TOLD: dict[str, Any] = {
    "format": "json", "codec": "none", "newline": True, "body": "binary", "suffix": None,
}  # fmt: skip
"""Files that say all of an event, whatever a sink leaves out of its own."""


def _replaced(part: Component, take: Take, files: TailedFiles, *, real: bool) -> Any:
    if part.kind in ("sender", "receiver"):
        return _as(part, type(part), tls="none")
    if isinstance(part, Filing):
        made = HdfsCollector if isinstance(part, Hdfs) else FileCollector
        return _as(part, made, **({} if real else _TOLD))
    if isinstance(part, Sink):
        collector = Collector(part.name, dead_letter=part.dead_letter, give_up=part.give_up)
        object.__setattr__(collector, "take", take)
        return collector
    if isinstance(part, Taildir):
        return files.replace(part, _as(part, Tailed, **files.rooted(part)))
    if isinstance(part, Http):
        return _as(part, Posted, tls="none")
    if part.kind == "source" and not isinstance(part, LinkSource | Seq):
        raise Unable(f"a source of type `{part.type}` cannot be simulated")
    return part


def _as(part: Component, cls: type[Any], **changed: Any) -> Any:
    said = {f.name: getattr(part, f.name) for f in dataclasses.fields(part) if f.name != "name"}
    return cls(part.name, **{**said, **changed})


def _plain(journal: Any) -> Any:
    return dataclasses.replace(journal, encryption=None, previous=())


def _events(chunk: Any) -> list[Event]:
    from flumec.runtime.batch import BODY, PREFIX, REST, decode

    found = []
    for event in decode(chunk.body).slice(chunk.skip, chunk.rows).to_pylist():
        body = event.pop(BODY)
        headers = dict(event.pop(REST, None) or ())
        headers |= {k.removeprefix(PREFIX): v for k, v in event.items() if v is not None}
        found.append(Event(body or b"", headers))
    return found
