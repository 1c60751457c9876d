#!/usr/bin/env python3
"""Agent `collector`, for host core-1.example.com.

Writes what all web servers send into one folder for each of them.

    tailer.spool => inbox -> files

Made by flumec from weblogs.flow (29b94a5b7df7). Change that file, not this one.
"""

from flumec.runtime import Agent, Duration, Port, Size, Url
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import Hdfs
from flumec.runtime.sinks.filing import Roll

# see weblogs.flow:33
inbox = File("inbox", size=Size("4GiB"))

# see weblogs.flow:37
files = Hdfs(
    "files",
    path=Url("file:///srv/weblogs/%{host}/%Y-%m-%d"),
    max_open=50,
    roll=Roll(size=Size("64MiB"), every=Duration("3s"), idle=Duration("1s")),
)

# see weblogs.flow:54
from_tailer = ArrowReceiver("from_tailer", port=Port(4141), tls="mutual")

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
    wire="5d0524d1918d5a3b",
    to=inbox,
)
agent.deliver(inbox, files)

if __name__ == "__main__":
    agent.run()
