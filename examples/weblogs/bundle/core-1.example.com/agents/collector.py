#!/usr/bin/env python3
"""Agent `collector`, for host core-1.example.com.

Writes what all web servers send into one folder for each of them.

    tailer.spool => inbox -> files

Made by flumec from weblogs.flow (3fff4958802d). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import Agent, Duration, Port, Size
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

# see weblogs.flow:32
inbox = File("inbox", size=Size("4GiB"))

# see weblogs.flow:36
files = FileRoll(
    "files",
    directory=Path("/srv/weblogs"),
    path="%{host}/%Y-%m-%d",
    roll=Roll(size=Size("64MiB"), every=Duration("3s"), idle=Duration("1s")),
)

# see weblogs.flow:53
from_tailer = ArrowReceiver("from_tailer", port=Port(4141))

agent = Agent(
    "collector",
    host="core-1.example.com",
    address="core-1.example.com",
    columns=("host", "timestamp"),
    metrics_port=9464,
)
agent.receive(
    from_tailer,
    link="tailer.spool => collector.inbox",
    wire="bd152bd20389cdfc",
    to=inbox,
)
agent.deliver(inbox, files)

if __name__ == "__main__":
    agent.run()
