#!/usr/bin/env python3
"""Agent `collector`, for host core-a.example.com.

Writes what it is sent. Both write to one store, each its own files.

    feed.out => inbox -> store

Made by flumec from two_collectors.flow (037d5cfbc921). Change that file, not this one.
"""

from flumec.runtime import Agent, Duration, Port, Size, Url
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import Hdfs
from flumec.runtime.sinks.filing import Roll

# see two_collectors.flow:33
inbox = File("inbox", size=Size("8GiB"))

# see two_collectors.flow:37
store = Hdfs(
    "store",
    path=Url("file:///srv/orders/%Y-%m-%d"),
    format="text",
    roll=Roll(every=Duration("1m"), idle=Duration("1m")),
)

# see two_collectors.flow:51
from_feed = ArrowReceiver("from_feed", port=Port(4242))

agent = Agent(
    "collector",
    host="core-a.example.com",
    address="core-a.example.com",
    columns=("timestamp",),
    metrics_port=9464,
)
agent.receive(
    from_feed,
    link="feed.out => collector.inbox",
    wire="30f3ad3817928c47",
    to=inbox,
)
agent.deliver(inbox, store)

if __name__ == "__main__":
    agent.run()
