#!/usr/bin/env python3
"""Agent `collector`, for host core-n2.

    tailer.spool => inbox -> store
    tailer.near, tailer.copies, tailer.users => more -> letters

Made by flumec from peers.flow (5697f5ba23aa). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import Agent, Port
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import FileRoll

# see peers.flow:47
inbox = File("inbox")

# see peers.flow:49
more = File("more")

# see peers.flow:51
store = FileRoll("store", directory=Path("/srv/logs"))

# see peers.flow:55
letters = FileRoll("letters", directory=Path("/srv/more"))

# see peers.flow:63
from_tailer = ArrowReceiver("from_tailer", port=Port(4141))

# see peers.flow:70
from_tailer_4142 = ArrowReceiver("from_tailer_4142", port=Port(4142))

agent = Agent("collector", host="core-n2", address="core-n2")
agent.receive(
    from_tailer,
    link="tailer.spool => collector.inbox",
    wire="8e2973dd879c299c",
    to=inbox,
)
agent.receive(
    from_tailer_4142,
    link="tailer.near => collector.more",
    wire="87ad4aef6dbaf411",
    to=more,
)
agent.receive(
    from_tailer_4142,
    link="tailer.copies => collector.more",
    wire="818e0b08a9e3cc94",
    to=more,
)
agent.receive(
    from_tailer_4142,
    link="tailer.users => collector.more",
    wire="5ce290113a387d0a",
    to=more,
)
agent.deliver(inbox, store)
agent.deliver(more, letters)

if __name__ == "__main__":
    agent.run()
