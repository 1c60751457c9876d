"""Opening an agent's journals: which channel lies in which, with which keys, and where."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flumec.runtime import credentials
from flumec.runtime.component import Secret
from flumec.runtime.journal_settings import DEFAULT
from flumec.runtime.journal_settings import Journal as Declared
from flumec.runtime.lying import first, in_order, lying
from flumec.runtime.shut import saying_where
from flumec.runtime.whereabouts import JOURNAL, note

if TYPE_CHECKING:
    from flumec.runtime.agent import Agent
    from flumec.runtime.clock import Clock
    from flumec.runtime.component import Component
    from flumec.runtime.disk import Disk
    from flumec.runtime.journal import Identity, Settings
    from flumec.runtime.journals import Journals, Layout


def open_journals(
    agent: "Agent",
    state: Path,
    *,
    disk: "Disk",
    clock: "Clock",
    identity: "Identity",
    on_failure: Callable[[BaseException], None] | None = None,
    environment: Mapping[str, str] | None = None,
    segment_size: int | None = None,
) -> "Journals":
    """Recover all journals; raise StateError, or StartError for a disk or secret that fails."""
    from flumec.runtime.channel.replayed import SOURCE
    from flumec.runtime.journal.journal import SEGMENT_SIZE, Journal
    from flumec.runtime.journals import Journals
    from flumec.runtime.staff import channel_specs, consumer_specs

    declared = {DEFAULT: Declared(DEFAULT), **agent.journals}
    settings = {name: _settings(one, environment) for name, one in declared.items()}
    where, opened = layout(agent), dict[str, Journal]()
    try:
        for name, one in declared.items():
            mine = {channel for channel, there in where.channels.items() if there == name}
            with saying_where(directory(state, one)) as place:
                opened[name] = Journal.open(
                    place, disk=disk, clock=clock, identity=identity,
                    channels=[s for s in channel_specs(agent) if s.name in mine],
                    sources=[*(source.name for source in agent.sources), SOURCE],
                    consumers=[s for s in consumer_specs(agent) if s.channel in mine],
                    settings=settings[name],
                    segment_size=segment_size or SEGMENT_SIZE,
                    on_failure=on_failure,
                )  # fmt: skip
        note(state, [directory(state, one) for one in declared.values()], disk)
        return Journals(opened, where)
    except BaseException:
        for journal in opened.values():
            journal.close()
        raise


def directory(state: Path, journal: Declared) -> Path:
    """Return where a journal lies: each in the state directory has a folder of its own."""
    if journal.directory is not None:
        return journal.directory
    return state / (JOURNAL if journal.name == DEFAULT else f"{JOURNAL}-{journal.name}")


def layout(agent: "Agent") -> "Layout":
    """Return which journal each channel lies in, and where each source has its positions.

    A source is at home in the journal that it feeds; of several, in the default one, else in that
    which the file names first.
    """
    from flumec.runtime.journals import Layout

    order = in_order(agent.journals)
    declared = {channel.name: channel.name for channel in agent.channels}
    declared |= {own: share.of for own, share in agent.shares.items()}
    named = {declared[channel.name]: _named(channel) for channel in agent.channels}
    found = lying(named, _together(agent, declared), order)
    channels = found | {own: found[name] for own, name in declared.items()}
    homes, spanning = {}, set()
    for source in agent.sources:
        fed = {channels[c.name] for f in agent.flows if f.source is source for c in f.channels}
        homes[source.name] = first(fed, order)
        if len(fed) > 1:
            spanning.add(source.name)
    consumers = {each.consumer.name: each.channel.name for each in agent.deliveries}
    volatile = frozenset(channel.name for channel in agent.channels if not channel.durable)
    return Layout(channels, homes, consumers, frozenset(spanning), volatile)


def letters_of(consumer: "Component") -> Iterator[str]:
    """Yield the channels for what a sink or a link does not deliver: dead letters, late events."""
    late = getattr(getattr(consumer, "dedup", None), "late", None)
    for letters in (getattr(consumer, "dead_letter", None), late):
        if letters is not None and letters != "drop":
            yield str(letters)


def _named(channel: Any) -> str | None:
    return str(getattr(channel, "journal", None) or DEFAULT) if channel.on_disk else None


def _together(agent: "Agent", declared: Mapping[str, str]) -> Iterator[set[str]]:
    """Yield the channels, as the file declares them, that are written in one step."""
    for source in agent.sources:
        yield {c.name for flow in agent.flows if flow.source is source for c in flow.channels}
    for delivery in agent.deliveries:
        for letters in letters_of(delivery.consumer):
            yield {declared[delivery.channel.name], letters}


def _settings(journal: Declared, environment: Mapping[str, str] | None) -> "Settings":
    from flumec.runtime.journal import Settings
    from flumec.runtime.journal.errors import StateError
    from flumec.runtime.journal.packing import Key, Keys

    def key(secret: Secret) -> Key:
        found = (secret,) if environment is None else (secret, environment)
        text = credentials.read(*found)
        try:
            return Key(text)
        except StateError as error:
            raise StateError(f"secret `{secret.name}`: {error}") from None

    current = None if journal.encryption is None else key(journal.encryption)
    every = None if journal.sync == "commit" else float(journal.sync)
    keys = Keys(current, [key(each) for each in journal.previous])
    return Settings(journal.compression, keys, every)
