"""Files open at different ages, a path with one event a day, rolls larger than the channel.

Whatever comes when: no event is lost or doubled, and the channel never stands still.
"""

import random
from collections import Counter
from pathlib import Path

import pytest
import thorough
from flumec.runtime.component import Duration, Size
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

from .conftest import Channel, Published, SinkPlace, TroubledDisk

HOUR = 3_600.0


class Killed(Exception):  # noqa: N818 what happens to a process
    """SIGKILL."""


class Feed:
    """A source that puts what there is room for: hourly batches of busy paths, and a rare one."""

    def __init__(self, channel: Channel, hours: int, busy: str, rare: str = "rare") -> None:
        self.channel = channel
        self.hours = hours
        self.busy = busy
        self.rare = rare
        self.hour = 0
        self.sent: Counter[str] = Counter()
        self.stood_still = 0

    @property
    def done(self) -> bool:
        return self.hour >= self.hours

    def put(self) -> None:
        """Put the next hour's events, unless the channel is full: then the hour waits."""
        if self.done:
            return
        if self.channel.fullness >= 1:
            self.stood_still += 1
            assert self.stood_still < 500, "nothing leaves the channel"
            return
        hosts = list(self.busy) + ([self.rare] if self.hour % 24 == 0 else [])
        bodies = [f"{host}-{self.hour}" for host in hosts]
        self.channel.bodies(*[body.encode().ljust(200, b".") for body in bodies], host=hosts)
        self.sent.update(bodies)
        self.hour += 1


def arrived(published: dict[str, bytes]) -> Counter[str]:
    lines = (line for content in published.values() for line in content.decode().splitlines())
    return Counter(line.rstrip(".") for line in lines)


def run(
    sink: FileRoll, channel: Channel, feed: Feed, dice: random.Random | None = None
) -> SinkPlace:
    """Run the sink through the feed's hours; with dice, it is killed every now and then."""
    while True:
        place = SinkPlace(channel.consumer(), TroubledDisk())
        after = 10**9 if dice is None else dice.randint(2, 40)
        rest = 0

        def live(place: SinkPlace = place, after: int = after) -> bool:
            nonlocal rest
            if place.steps >= after and not feed.done:
                raise Killed
            place.clock.advance(HOUR)
            feed.put()
            rest += feed.done
            return rest > 60

        place.until = live
        try:
            sink.run(place)
        except Killed:
            continue
        return place


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_a_path_with_one_event_a_day_holds_nothing_up_and_loses_nothing(
    channel: Channel, published: Published, tmp_path: Path, workers: int
) -> None:
    channel.size = 20_000
    feed = Feed(channel, hours=5 * 24, busy="aaabbc")
    sink = FileRoll(
        "files", directory=tmp_path / "out", path="%{host}", workers=workers,
        roll=Roll(size=Size("1MiB"), every=Duration("3d")),
    )  # fmt: skip

    place = run(sink, channel, feed)

    assert arrived(published()) == feed.sent
    assert feed.sent["rare-96"] == 1
    assert place.counters.counts["early_rolls"] > 0
    assert (channel.cursor.low, channel.delivered) == (channel.end, channel.end)


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["text", "parquet"])
def test_rolls_that_are_larger_than_the_channel_do_not_stop_it(
    channel: Channel, published: Published, tmp_path: Path, format_: str
) -> None:
    import io

    import pyarrow.parquet as pq

    channel.size = 30_000
    feed = Feed(channel, hours=200, busy="abcdefgh")
    sink = FileRoll(
        "files", directory=tmp_path / "out", path="%{host}", format=format_,  # type: ignore[arg-type]
        roll=Roll(size=Size("128MiB"), every=Duration("300d")),
    )  # fmt: skip

    run(sink, channel, feed)

    if format_ == "text":
        found = arrived(published())
    else:
        tables = [pq.read_table(io.BytesIO(content)) for content in published().values()]
        lines = (body for table in tables for body in table.column("body").to_pylist())
        found = Counter(line.decode().rstrip(".") for line in lines)
    assert found == feed.sent
    assert channel.delivered == channel.end


@pytest.mark.parametrize(
    "seed", [2, *(pytest.param(n, marks=pytest.mark.slow) for n in thorough.first(range(3, 40)))]
)
def test_files_of_many_ages_through_many_kills(
    seed: int, channel: Channel, published: Published, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    channel.size = dice.choice([10_000, 40_000, 1 << 30])
    feed = Feed(channel, hours=100, busy="".join(dice.choice("abcdefghij") for _ in range(12)))
    sink = FileRoll(
        "files", directory=tmp_path / "out", path="%{host}", workers=dice.choice([1, 2]),
        max_open=dice.choice([2, 5, 100]),
        roll=Roll(
            size=Size(dice.choice([500, 5_000, 1 << 30])),
            every=Duration(dice.choice([HOUR, 7 * HOUR, 48 * HOUR])),
            idle=dice.choice([None, Duration(5 * HOUR)]),
        ),
    )  # fmt: skip

    run(sink, channel, feed, dice)

    assert arrived(published()) == feed.sent
    assert (channel.delivered, channel.intents) == (channel.end, [])
