#!/usr/bin/env python3
"""Agent `dev.writer`, for host dev-01.example.com.

    numbers -> buffer -> out

Made by flumec from tier.flow (cb8e09050b23). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import Agent, Size
from flumec.runtime.channels import File
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sources import Seq

# see tier.flow:16
numbers = Seq("numbers", total=1000)

# see tier.flow:20
buffer = File("buffer", size=Size("64MiB"), when_full="block")

# see tier.flow:22
out = FileRoll("out", directory=Path("/srv/dev"))

agent = Agent("dev.writer", host="dev-01.example.com", address="dev-01.example.com")
agent.flow(numbers, to=buffer)
agent.deliver(buffer, out)

if __name__ == "__main__":
    agent.run()
