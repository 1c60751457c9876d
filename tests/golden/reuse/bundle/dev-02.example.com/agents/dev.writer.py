#!/usr/bin/env python3
"""Agent `dev.writer`, for host dev-02.example.com.

    numbers -> buffer -> out

Made by flumec from tier.flow (402a60495d51). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import Agent, JournalRef, Secret, Size
from flumec.runtime.channels import File
from flumec.runtime.journal_settings import Journal
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sources import Seq

# see tier.flow:23
numbers = Seq("numbers", total=1000)

# see tier.flow:27
buffer = File(
    "buffer",
    size=Size("64MiB"),
    when_full="block",
    journal=JournalRef("vault"),
)

# see tier.flow:31
out = FileRoll("out", directory=Path("/srv/dev"))

agent = Agent("dev.writer", host="dev-02.example.com", address="dev-02.example.com")
agent.keep(
    Journal(
        "vault",
        directory=Path("/srv/vault/dev"),
        compression="zstd",
        encryption=Secret("vault_key"),
        previous=(Secret("vault_key_of_2025"),),
    ),
)
agent.flow(numbers, to=buffer)
agent.deliver(buffer, out)

if __name__ == "__main__":
    agent.run()
