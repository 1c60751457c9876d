#!/usr/bin/env python3
"""Agent `book`, for host vault-1.example.com.

Writes each trade once, whichever machine brings it first.

    feed.out => inbox -> ledger

Made by flumec from ha_pair.flow (900a102b7379). Change that file, not this one.
"""

from flumec.runtime import Agent, ChannelRef, Duration, Header, Port, Size, Url
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import Hdfs
from flumec.runtime.sinks.dedup import Dedup
from flumec.runtime.sinks.filing import Roll

# see ha_pair.flow:40
inbox = File("inbox", size=Size("16GiB"), when_full="block")

# see ha_pair.flow:43
late = File("late", size=Size("1GiB"), when_full="block")

# see ha_pair.flow:45
ledger = Hdfs(
    "ledger",
    path=Url("file:///srv/trades/%Y/%m/%d"),
    format="json",
    roll=Roll(every=Duration("1m")),
    dedup=Dedup(key=Header("id"), window=Duration("24h")),
    dead_letter=ChannelRef("late"),
)

# see ha_pair.flow:64
from_feed = ArrowReceiver("from_feed", port=Port(4242))

agent = Agent(
    "book",
    host="vault-1.example.com",
    address="vault-1.example.com",
    columns=("id", "timestamp"),
    metrics_port=9464,
)
agent.receive(
    from_feed,
    link="feed.out => book.inbox",
    wire="f2c505c9b843bcbd",
    to=inbox,
)
agent.hold(late)
agent.deliver(inbox, ledger)

if __name__ == "__main__":
    agent.run()
