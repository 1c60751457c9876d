"""An agent's metrics in the shape and with the names of Apache Flume's HTTP monitoring."""

import json
from collections.abc import Mapping

from flumec.runtime.journal.records import ChannelStats
from flumec.runtime.metrics import PartReading, Reading

SOURCE = {
    "events_received": "EventReceivedCount",
    "events_accepted": "EventAcceptedCount",
    "batches_received": "AppendBatchReceivedCount",
    "batches_accepted": "AppendBatchAcceptedCount",
    "connections_open": "OpenConnectionCount",
    "read_failures": "EventReadFail",
    "channel_full": "ChannelWriteFail",
    "put_failures": "GenericProcessingFail",
}
SINK = {
    "connections_created": "ConnectionCreatedCount",
    "connections_closed": "ConnectionClosedCount",
    "connections_failed": "ConnectionFailedCount",
    "batches_empty": "BatchEmptyCount",
    "batches_read": "BatchCompleteCount",
    "events_read": "EventDrainAttemptCount",
    "write_failures": "EventWriteFail",
    "read_failures": "ChannelReadFail",
}
"""Our counters' names to Flume's. What Flume has and we do not stays out: a 0 would be a lie."""


def render(reading: Reading, consumers: Mapping[str, str]) -> str:
    """Return the JSON of Flume's `/metrics`: `KIND.name` to attributes, every value as a text.

    `consumers` are the channels by their consumers' names. Counts of channels are since they were
    created, not since the agent started; ChannelCapacity is absent, as channels here have a size in
    bytes and not in events.
    """
    started = reading.started_ns // 1_000_000
    found: dict[str, dict[str, object]] = {}
    for part in reading.parts:
        kind = "SOURCE" if part.kind in ("source", "receiver") else "SINK"
        values = _part(part, SOURCE if kind == "SOURCE" else SINK)
        channel = reading.channels.get(consumers.get(part.name, ""))
        if channel is not None:
            values["EventDrainSuccessCount"] = channel.delivered
        found[f"{kind}.{part.name}"] = values | {"Type": kind}
    for name, stats in reading.channels.items():
        found[f"CHANNEL.{name}"] = _channel(stats, reading) | {"Type": "CHANNEL"}
    for values in found.values():
        values |= {"StartTime": started, "StopTime": 0}
    texts = {name: {k: str(v) for k, v in values.items()} for name, values in found.items()}
    return json.dumps(texts, indent=1) + "\n"


def _part(part: PartReading, names: Mapping[str, str]) -> dict[str, object]:
    values: Mapping[str, float] = {**part.gauges, **part.counts}
    return {flume: int(values[ours]) for ours, flume in names.items() if ours in values}


def _channel(stats: ChannelStats, reading: Reading) -> dict[str, object]:
    taken = stats.delivered + stats.dropped + stats.dead_lettered
    return {
        "ChannelSize": stats.held,
        "ChannelFillPercentage": 100.0 * stats.held_bytes / stats.size if stats.size else 0.0,
        "EventPutSuccessCount": stats.put,
        "EventTakeSuccessCount": taken,
        "Open": "true" if reading.ready else "false",
    }
