"""`flumec channel ls`: what is in a state directory, and what holds it."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from flumec.runtime.channel.keys import given
from flumec.runtime.channel.listing import Shown, listing
from flumec.runtime.channel.place import places
from flumec.runtime.channel.words import age, counted, rows, size, table
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal.packing import Keys
from flumec.runtime.logs import one_line

_NOWHERE = {"what": "-", "in_words": "no position: none yet, or it is pushed to and keeps none"}

_BALANCE = ("put", "delivered", "dropped", "dead_lettered")


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:
    """Yield what is shown."""
    keys = Keys(None, given(options.key_file, disk))
    first, *others = (listing(place, disk, clock, keys) for place in places(options.state, disk))
    if options.json:
        yield json.dumps(first | {"others": others}, indent=2, ensure_ascii=False)
        return
    for shown in (first, *others):
        if shown is not first:
            yield ""
        yield from map(one_line, _text(shown))


def _text(shown: Shown) -> Iterator[str]:
    process = shown["process"]
    yield f"{shown['journal']}: " + (f"open in process {process}" if process else "not open")
    yield (
        f"agent `{shown['agent']}` on {shown['host']}, flumec {shown['version']}; format "
        f"{shown['format']}; {counted(shown['segments'], 'segment')}, "
        f"{size(shown['disk_bytes'])} on disk; next row {shown['next_row']:,}"
    )
    yield from _counts(shown)
    yield ""
    yield from _channels(shown["channels"])
    yield from shown["trouble"]
    yield from _memory(shown)
    yield from _consumers(shown["channels"])
    yield from _sources(shown["sources"])
    yield from _streams(shown["streams"])
    yield from _epochs(shown["epochs"])
    if shown["damage"]:
        yield ""
        for each in shown["damage"]:
            yield (
                f"DAMAGED {each['file']} from byte {each['from_byte']}: {each['what']}; "
                + rows(each["first_row"], each["end_row"])
            )
        yield "`verify` reads everything and says what to do"


def _counts(shown: Shown) -> Iterator[str]:
    """Yield what is counted for the whole journal, where there was any."""
    for name, what in (
        ("dropped_by_routes", "dropped by routes and filters, as declared"),
        ("dropped_with_channels", "dropped with removed channels"),
        ("lost_to_damage", "lost to damage, of channels that cannot be known"),
    ):
        if shown[name]:
            yield f"{counted(shown[name], 'row')} {what}"


def _channels(channels: list[Shown]) -> Iterator[str]:
    yield from table(
        [
            "channel", "held", "bytes", "of", "oldest", "put", "delivered", "dropped", "dead",
            "held by",
        ],
        [
            [
                channel["name"] if channel["declared"] else f"{channel['name']} (removed)",
                f"{channel['held']:,}",
                size(channel["held_bytes"]),
                size(channel["size"]),
                "-" if channel["oldest_seconds"] is None else age(channel["oldest_seconds"]),
                *(f"{channel[count]:,}" for count in _BALANCE),
                channel["held_by"] or "-",
            ]
            for channel in channels
        ],
        "lrrrrrrrr",
    )  # fmt: skip


def _memory(shown: Shown) -> Iterator[str]:
    """Yield which channels have events in memory that only their process knows."""
    for channel in shown["channels"]:
        if channel["in_memory"]:
            yield (
                f"of {channel['name']}, {channel['in_memory']:,} of the events held are in memory"
                + (
                    " only; `flumec status` has the newest numbers"
                    if shown["process"]
                    else ", or were when a process was killed: what its consumer had not delivered "
                    "of them is lost, and counted as dropped once its open files are settled"
                )
            )


def _consumers(channels: list[Shown]) -> Iterator[str]:
    lines = [
        [
            each["name"], channel["name"], each["kind"], f"{channel['low']:,}",
            f"{channel['end']:,}", f"{len(each['ahead'])}", _intents(each["intents"]),
        ]
        for channel in channels
        for each in channel["consumers"]
    ]  # fmt: skip
    if lines:
        yield ""
        head = ["consumer", "channel", "kind", "done below", "end", "ahead", "open intents"]
        yield from table(head, lines, "lllrrr")


def _intents(intents: list[Shown]) -> str:
    if not intents:
        return "-"
    files = [file for intent in intents for file in intent["files"]]
    rows_of = counted(sum(intent["rows"] for intent in intents), "row")
    if not files:
        return rows_of
    return f"{rows_of} in {counted(len(files), 'file')}, first {files[0]}"


def _sources(sources: list[Shown]) -> Iterator[str]:
    lines = [
        [source["name"], each["what"], each["in_words"]]
        for source in sources
        for each in source["positions"] or [_NOWHERE]
    ]
    if lines:
        yield ""
        yield from table(["source", "of", "position"], lines)


def _streams(streams: list[Shown]) -> Iterator[str]:
    lines = [
        [
            stream["sender"][:8], stream["stream"][:8], str(stream["session"]),
            "; ".join(_had(each) for each in stream["has"]) or "-",
        ]
        for stream in streams
    ]  # fmt: skip
    if lines:
        yield ""
        yield from table(["from journal", "stream", "session", "has"], lines, "llr")


def _had(each: Shown) -> str:
    above = "".join(f", {rows(first, end)}" for first, end in each["above"])
    return f"{each['epoch'][:8]}: all below {each['settled']:,}{above}"


def _epochs(epochs: list[Shown]) -> Iterator[str]:
    yield ""
    yield from table(
        ["epoch", "first row", "end"],
        [
            [e["epoch"], f"{e['first']:,}", "open" if e["end"] is None else f"{e['end']:,}"]
            for e in epochs
        ],
        "lrr",
    )
