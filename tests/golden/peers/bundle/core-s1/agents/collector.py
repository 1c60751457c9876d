#!/usr/bin/env python3
"""Agent `collector`, for host core-s1.

    tailer.spool => inbox -> store
    tailer.near, tailer.copies, tailer.users => more -> letters

Made by flumec from peers.flow (f0c8144f27e0). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import Agent, Port
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import FileRoll

# see peers.flow:50
inbox = File("inbox")

# see peers.flow:52
more = File("more")

# see peers.flow:54
store = FileRoll("store", directory=Path("/srv/logs"))

# see peers.flow:58
letters = FileRoll("letters", directory=Path("/srv/more"))

# see peers.flow:66
from_tailer = ArrowReceiver("from_tailer", port=Port(4141), senders=100, tls="mutual")

# see peers.flow:75
from_tailer_4142 = ArrowReceiver("from_tailer_4142", port=Port(4142), tls="mutual")

agent = Agent("collector", host="core-s1", address="core-s1")
agent.receive(
    from_tailer,
    link="tailer.spool => collector.inbox",
    wire="0606749fd265ccb2",
    to=inbox,
)
agent.receive(
    from_tailer_4142,
    link="tailer.near => collector.more",
    wire="639776371fba94c0",
    to=more,
)
agent.receive(
    from_tailer_4142,
    link="tailer.copies => collector.more",
    wire="1068cb356806dbf5",
    to=more,
)
agent.receive(
    from_tailer_4142,
    link="tailer.users => collector.more",
    wire="071f9389d3a35201",
    to=more,
)
agent.deliver(inbox, store)
agent.deliver(more, letters)

if __name__ == "__main__":
    agent.run()
